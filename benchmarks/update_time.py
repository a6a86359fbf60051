"""Milliseconds an update and seconds of compilation, one core, batch 128, K = 4.

    .venv/bin/python benchmarks/update_time.py [--sizes 20,50,100] [--models fast-weights,lstm,irnn]

A whole update counts: drawing the mini-batch, forward, backward, clipping, Adam. The median and the
range over repeats of 300 updates are printed, as a Markdown table.
"""

import argparse
import os
import statistics
import time

from fastweights.studies import worker


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="20,50,100")
    parser.add_argument("--models", default="irnn,lstm,fast-weights")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    worker.use_one_thread()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{worker.environment()['processor']}, one core, JAX {worker.environment()['jax']}\n")
    print("| model | R | ms an update | range | compilation, s |")
    print("|---|---|---|---|---|")
    for model in arguments.models.split(","):
        for size in map(int, arguments.sizes.split(",")):
            times, compilation = measure(model, size, arguments.repeats)
            middle = statistics.median(times)
            print(
                f"| {model} | {size} | {middle:.3f} | {min(times):.3f}–{max(times):.3f} "
                f"| {compilation:.1f} |",
                flush=True,
            )


def measure(model: str, size: int, repeats: int, updates: int = 300) -> tuple[list[float], float]:
    """Milliseconds an update, once a repeat, and the seconds until the first update is done."""
    import jax
    import jax.numpy as jnp

    from fastweights.studies.specification import RunSpecification
    from fastweights.tasks.associative_retrieval import AssociativeRetrieval
    from fastweights.training import loop
    from fastweights.training.options import TrainingOptions
    from fastweights.training.step import Rates

    options = TrainingOptions(updates=updates, evaluate_every=updates)
    specification = RunSpecification(AssociativeRetrieval(), model, size, training=options)
    data = jax.tree.map(jnp.asarray, worker.dataset(specification, "train"))
    state = loop.start(specification.build_model(), options).state
    arguments = Rates.of(options), jax.random.key(1), data

    def advance(count: int) -> float:
        began = time.perf_counter()
        result = loop.advance(state, *arguments, jnp.asarray(count), options)
        jax.block_until_ready(result[1])
        return time.perf_counter() - began

    compilation = advance(1)
    return [1e3 * advance(updates) / updates for _ in range(repeats)], compilation


if __name__ == "__main__":
    main()
