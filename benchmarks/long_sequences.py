"""Seconds and memory of a gradient through long sequences of fast weights, one core.

    .venv/bin/python benchmarks/long_sequences.py [--lengths 1000,10000,100000]
        [--hidden-sizes 50] [--batch 16] [--forms chunks,jax]

A form is that of the kernel, attention to the whole past or within chunks, whichever would be chosen; or JAX,
up to 10,000 steps. Each size runs in a process of its own, on one thread. Seconds are those of the processor,
for the shortest of one second of gradients; memory is the largest resident size, less what the process had
before the gradient was compiled. Prints a Markdown table.
"""

import argparse
import os
import resource
import subprocess
import sys
import time

from fastweights.cells import fast_weights_kernel
from fastweights.native.library import SWITCH
from fastweights.runs import worker

LONGEST_IN_JAX = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", default="1000,10000,100000")
    parser.add_argument("--hidden-sizes", default="50")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--forms", default="chunks,jax")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        form, units, length = arguments.one
        measure(form, int(units), int(length), arguments.batch)
        return
    print("| R | T | form | seconds | μs a step | memory, MiB |")
    print("| ---: | ---: | :--- | ---: | ---: | ---: |", flush=True)
    for units in arguments.hidden_sizes.split(","):
        for length in arguments.lengths.split(","):
            for form in arguments.forms.split(","):
                if form == "jax" and int(length) > LONGEST_IN_JAX:
                    continue
                command = [sys.executable, __file__, "--one", form, units, length]
                subprocess.run([*command, "--batch", str(arguments.batch)], check=True)


def measure(form: str, units: int, length: int, batch: int) -> None:
    """Print one line of the table."""
    worker.use_one_thread()
    if form == "jax":
        os.environ[SWITCH] = "0"
    else:
        longest = {"whole": length, "chunks": 0}[form]
        fast_weights_kernel.longest_attention = lambda units: longest
    import jax
    import jax.numpy as jnp

    from fastweights import FastWeights

    cell = FastWeights(1, units, key=jax.random.key(0))
    table = jax.random.normal(jax.random.key(1), (37, units))
    tokens = jax.random.randint(jax.random.key(2), (batch, length), 0, 37)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    gradient = jax.jit(jax.grad(lambda table: jnp.sum(cell.last_output(table, tokens))))
    compiled = gradient.lower(table).compile()
    ends, best = time.process_time() + 1, float("inf")
    while time.process_time() < ends:
        began = time.process_time()
        value = jax.block_until_ready(compiled(table))
        best = min(best, time.process_time() - began)
    assert jnp.isfinite(value).all()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    row = [units, f"{length:,}", form, f"{best:.2g}", f"{1e6 * best / length:.1f}", f"{memory:.0f}"]
    print("|", *[f"{cell} |" for cell in row], flush=True)


if __name__ == "__main__":
    main()
