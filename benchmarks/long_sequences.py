"""Seconds and memory of a gradient through long sequences, one core.

    .venv/bin/python benchmarks/long_sequences.py [--lengths 1000,10000] [--hidden-size 50] [--batch 16]

Each length runs in a process of its own; memory is its largest resident size, less what it had before the
gradient was compiled. Prints a Markdown table.
"""

import argparse
import resource
import subprocess
import sys
import time

from fastweights.runs import worker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", default="1000,10000")
    parser.add_argument("--hidden-size", type=int, default=50)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--one", type=int, help="measure this length here")
    arguments = parser.parse_args()
    if arguments.one:
        measure(arguments.one, arguments.hidden_size, arguments.batch)
        return
    print("| T | seconds | memory, MiB |\n| ---: | ---: | ---: |", flush=True)
    for length in arguments.lengths.split(","):
        sizes = ["--hidden-size", str(arguments.hidden_size), "--batch", str(arguments.batch)]
        subprocess.run([sys.executable, __file__, "--one", length, *sizes], check=True)


def measure(length: int, units: int, batch: int) -> None:
    """Print one line of the table."""
    worker.use_one_thread()
    import jax
    import jax.numpy as jnp

    from fastweights import FastWeights

    cell = FastWeights(1, units, key=jax.random.key(0))
    table = jax.random.normal(jax.random.key(1), (37, units))
    tokens = jax.random.randint(jax.random.key(2), (batch, length), 0, 37)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    gradient = jax.jit(jax.grad(lambda table: jnp.sum(cell.last_output(table, tokens))))
    compiled = gradient.lower(table).compile()
    began = time.perf_counter()
    value = jax.block_until_ready(compiled(table))
    seconds = time.perf_counter() - began
    assert jnp.isfinite(value).all()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"| {length:,} | {seconds:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
