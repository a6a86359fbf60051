"""What `jax.vmap` over sequences costs beside a batch that is given as one array.

    python benchmarks/mapped_batches.py [--shapes 128x11x100x50,64x64x64x64] [--rounds 60]

A shape is batch × time × input size × hidden units. For each cell the outputs of a batch, and the gradient of
their mean square with respect to the cell and the inputs, once by `cell.unroll(inputs)` and once by
`jax.vmap(cell.unroll)(inputs)`. Both are timed in turn, in seconds of CPU; a ratio is the median over rounds.
Prints a Markdown table.
"""

import argparse
import time

import numpy as np

from fastweights.runs import worker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", default="128x11x100x50,128x11x100x100,64x64x64x64")
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    worker.use_one_thread()
    print("| cell | batch × time × input × hidden | outputs, ms | mapped | gradient, ms | mapped |")
    print("| :--- | :--- | ---: | ---: | ---: | ---: |", flush=True)
    import fastweights as fw

    for cell_class in (fw.IRNN, fw.LSTM, fw.AssociativeLSTM, fw.FastWeights):
        for shape in arguments.shapes.split(","):
            times = [compare(*pair, arguments.rounds) for pair in forms(cell_class, shape)]
            cells = [f"{1e3 * given:.2f} | {ratio:.2f}" for given, ratio in times]
            print(
                f"| {cell_class.__name__} | {shape.replace('x', ' × ')} | {' | '.join(cells)} |", flush=True
            )


def forms(cell_class, shape: str):
    """Two pairs of programs without arguments: outputs given and mapped, gradients given and mapped."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    batch, length, size, units = map(int, shape.split("x"))
    cell = cell_class(size, units, options=cell_class.recommended(units), key=jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (batch, length, size))

    def given(cell, inputs):
        return cell.unroll(inputs)[0]

    def mapped(cell, inputs):
        return jax.vmap(lambda one: cell.unroll(one)[0])(inputs)

    def gradient_of(outputs):
        return eqx.filter_grad(lambda model: jnp.mean(outputs(*model) ** 2))

    def program(function, *values):
        compiled = eqx.filter_jit(function)
        return lambda: jax.block_until_ready(jax.tree.leaves(compiled(*values)))

    yield [program(outputs, cell, inputs) for outputs in (given, mapped)]
    yield [program(gradient_of(outputs), (cell, inputs)) for outputs in (given, mapped)]


def compare(given, mapped, rounds: int) -> tuple[float, float]:
    """The seconds that `given` takes, and how many times as long `mapped` takes."""
    given(), mapped()  # compile
    seconds = np.array([(seconds_of(given), seconds_of(mapped)) for _ in range(rounds)])
    return float(np.median(seconds[:, 0])), float(np.median(seconds[:, 1] / seconds[:, 0]))


def seconds_of(program) -> float:
    began = time.process_time()
    program()
    return time.process_time() - began


if __name__ == "__main__":
    main()
