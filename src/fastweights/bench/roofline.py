"""What an update costs at least, and what a core can do at most.

The operations of an update, two a multiply-add, for B sequences of T steps:

    projections       of each symbol, such as C e + b                                      once
    recurrence        as the cell counts it, see `Cell.unroll_operations`                     B
    read-out          its matrices times h(T) and its hidden units                            B

The derivative of a product X Y has two products of the same size, for the cotangents of X and of Y, so that
backward is twice the forward. Activations, normalisation and look-ups, which grow with the number of units
only, and Adam, whose cost does not grow with the batch, are left out: the count is a lower bound, and so is
a rate made of it. Where nobody has counted, XLA's account of one step is taken; without that there is none.
"""

import functools
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights.bench.cases import Case
from fastweights.bench.inputs import specification, task_of
from fastweights.bench.process import PinnedProcess
from fastweights.cells.base import Cell
from fastweights.errors import FastweightsError

_SIZES = (256, 512, 768, 1024)
_LIBRARIES = ("numpy", "jax", "torch")


def operations(case: Case, *, by_steps: bool = False) -> int | None:
    """The operations of one update of all runs, in the cheapest form of the recurrence that the cell knows,
    or step by step; None for a model that is not registered (any more), or that nobody has counted."""
    try:
        steps = task_of(case).length
        count = _count(Case(case.model, case.hidden_size, task=case.task, options=case.options))
    except FastweightsError:
        return None
    if count is None:
        return None
    cell, projections, step, readout = count
    whole = None if by_steps else cell.unroll_operations(steps)
    recurrence = (steps - 1) * step if whole is None else whole
    return 3 * case.runs * (projections + case.batch_size * (recurrence + readout))


@functools.lru_cache
def _count(case: Case) -> tuple[Cell, int, int, int] | None:
    """The cell, and the operations of its projections, of a step, and of the read-out, forward."""
    shapes = eqx.filter_eval_shape(specification(case).build_model)
    cell = shapes.cell
    x = jax.ShapeDtypeStruct((cell.input_size,), jnp.float32)
    # Its linear part, since only products count: without the addition of b.
    project = _counted_by_xla(lambda cell, x: jax.jvp(cell.project, (x,), (x,))[1], cell, x)
    step = cell.step_operations()
    if step is None:
        state = eqx.filter_eval_shape(lambda cell: cell.initial_state(), cell)
        projection = eqx.filter_eval_shape(lambda cell, x: cell.project(x), cell, x)
        step = _counted_by_xla(lambda cell, state, x: cell.step(state, x), cell, state, projection)
    if project is None or step is None:
        return None
    matrices = (leaf.size for leaf in jax.tree.leaves(shapes.readout) if leaf.ndim == 2)
    return cell, shapes.num_symbols * project, step, 2 * sum(matrices)


def _counted_by_xla(function: Callable[..., Any], *shapes: Any) -> int | None:
    """The operations of a function of such arrays before they are optimised; None if XLA does not say."""
    arrays, rest = eqx.partition(shapes, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    lowered = jax.jit(lambda arrays: function(*eqx.combine(arrays, rest))).lower(arrays)
    cost = lowered.cost_analysis()
    return None if cost is None else int(cost.get("flops", 0))  # none are not mentioned


def measured_peaks(core: int) -> dict[str, float]:
    """The best rate of a float32 matrix product in one thread, in GFLOP/s by library; each library has a
    process of its own on that core, and the best of four sizes counts."""
    peaks = {}
    for library in _LIBRARIES:
        if find_spec(library):
            with PinnedProcess(core) as process:
                peaks[library] = max(process.call(product_rate, library, size) for size in _SIZES)
    return peaks


def product_rate(library: str, size: int, seconds: float = 0.25) -> float:
    """GFLOP/s of a square product; the best of many, because disturbances only slow it down."""
    multiply = _product(library, np.random.default_rng(0).standard_normal((size, size), np.float32))
    multiply()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        multiply()
        best = min(best, time.perf_counter() - started)
    return 2e-9 * size**3 / best


def _product(library: str, array: np.ndarray) -> Callable[[], Any]:
    if library == "jax":
        from fastweights.runs.worker import use_one_thread

        use_one_thread()
        on_device, dot = jnp.asarray(array), jax.jit(jnp.matmul)
        return lambda: dot(on_device, on_device).block_until_ready()
    if library == "torch":
        import torch  # pyright: ignore[reportMissingImports]

        torch.set_num_threads(1)
        tensor = torch.from_numpy(array)
        return lambda: tensor @ tensor
    return lambda: array @ array
