"""The cells that the numeric tests run: every registered one, its options, numbers in generic position."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any, NamedTuple
from unittest import mock

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from fastweights import registry
from fastweights.cells.base import Cell
from fastweights.cells.programmers.cell import Programmer
from fastweights.cells.programmers.ruled import RuledProgrammer
from fastweights.models import ClassifierOptions, SequenceClassifier


class Sizes(NamedTuple):
    """A different prime for every axis, so that no transposed matrix can hide."""

    input: int
    hidden: int
    time: int
    batch: int

    def __str__(self) -> str:
        return f"hidden={self.hidden}-time={self.time}"


SIZES = Sizes(input=3, hidden=5, time=7, batch=2)
# Long against the hidden size: fast weights then unroll by the matrix, not by attention.
LONG = Sizes(input=5, hidden=3, time=13, batch=2)


class Case(NamedTuple):
    """A registered cell with some of its options."""

    name: str
    options: tuple[tuple[str, object], ...] = ()

    def build(self, sizes: Sizes, seed: int = 0) -> Cell:
        """The cell with every array moved off its initial value, so that none is 0, 1 or the identity."""
        cell_class = registry.cells[self.name]
        options = cell_class.Options(**dict(self.options))
        hidden_size = whole(cell_class, sizes.hidden, options)
        with (
            mock.patch.object(jax.random, "uniform", _uniform),
            mock.patch.object(jax.random, "normal", _normal),
        ):
            cell = cell_class(sizes.input, hidden_size, options=options, key=jax.random.key(seed))
        noise = np.random.default_rng(seed)
        return jax.tree.map(
            lambda x: (
                jnp.asarray(np.asarray(x) + 0.3 * noise.standard_normal(x.shape), x.dtype) if x.ndim else x
            ),
            cell,
        )

    def __str__(self) -> str:
        said = (f"{key}={value}" for key, value in self.options if _PLAIN.get(key) != value)
        return "-".join([self.name, *said])


def _uniform(key: Array, shape: tuple[int, ...], minval: float, maxval: float) -> Array:
    return jnp.asarray(_generator(key).uniform(minval, maxval, shape), float)


def _normal(key: Array, shape: tuple[int, ...]) -> Array:
    return jnp.asarray(_generator(key).standard_normal(shape), float)


def _generator(key: Array) -> np.random.Generator:
    """NumPy's: JAX takes most of a second to compile its own, for each shape again."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)))


def whole(cell_class: type, hidden_size: int, options: Any) -> int:
    """The size, if the cell can have it; else so many pairs, for a cell whose state is made of pairs, or so
    many for each head, if the units are shared out among heads."""
    multiple = cell_class.size_multiple
    multiple = getattr(options, "heads", 1) if multiple == 1 else multiple
    return hidden_size if hidden_size % multiple == 0 else multiple * hidden_size


# For programs that run once: compiling is all the time they take, and this way less of it.
quickly = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})

# Compiled once for each case and size, whichever test comes first.
unroll = quickly(lambda cell, x: cell.unroll(x)[0])
project = quickly(lambda cell, x: jax.vmap(jax.vmap(cell.project))(x))
one_step = jax.vmap(lambda cell, state, x: cell(state, x), (None, 0, 0))
step = quickly(one_step)


def fresh(cell: Cell, batch: int) -> Any:
    """The initial states of so many sequences."""
    return jax.tree.map(lambda x: jnp.asarray(np.broadcast_to(x, (batch, *x.shape))), cell.initial_state())


def steps(cell: Cell, x: Array, step: Callable = step) -> Array:
    """The outputs (batch, time, hidden), by a Python loop over the cell."""
    state, outputs = fresh(cell, len(x)), []
    for t in range(x.shape[1]):
        state, output = step(cell, state, x[:, t])
        outputs.append(output)
    return jnp.asarray(np.stack(outputs, axis=1))


def inputs_for(sizes: Sizes, seed: int = 1) -> Array:
    """Random inputs (batch, time, input)."""
    return jnp.asarray(
        np.random.default_rng(seed).standard_normal((sizes.batch, sizes.time, sizes.input)), float
    )


def small_model(
    case: Case, hidden_size: int = 5, input_size: int = 7, seed: int = 0, **options: object
) -> SequenceClassifier:
    """A classifier of the associative retrieval alphabet, as it is before training."""
    cell_class = registry.cells[case.name]
    cell_key, key = jax.random.split(jax.random.key(seed))
    cell_options = cell_class.Options(**dict(case.options))
    hidden_size = whole(cell_class, hidden_size, cell_options)
    cell = cell_class(input_size, hidden_size, options=cell_options, key=cell_key)
    return SequenceClassifier(cell, 37, 10, options=ClassifierOptions(**options), key=key)


# Every option is named, so that a changed default changes no test. A low write rate: without
# normalisation the memory's answers grow as the cube of the state.
_PLAIN = {
    "decay": 0.8,
    "write_rate": 0.1,
    "inner_steps": 1,
    "norm": "inside",
    "norm_sets": "shared",
    "norm_bias": 0.0,
    "preliminary_norm": "none",
    "write_time": "current",
    "method": 1,
}


def _fast(**options: object) -> Case:
    return Case("fast-weights", tuple({**_PLAIN, **options}.items()))


# One generic set for each place that an option touches.
FAST_WEIGHTS = [
    _fast(),
    _fast(inner_steps=2, norm_sets="per-step", preliminary_norm="shared"),
    _fast(inner_steps=0, preliminary_norm="separate"),
    _fast(method=2, write_time="late"),
    _fast(inner_steps=2, write_time="preliminary"),
    _fast(norm="outside", preliminary_norm="separate", write_rate=0.02),
    _fast(norm="none", method=2, write_rate=0.005),
]

# All of them, for what costs no compilation.
EVERY_FAST_WEIGHTS = [
    _fast(
        inner_steps=steps,
        norm=norm,
        norm_sets=sets,
        preliminary_norm=preliminary,
        write_time=time,
        method=method,
        write_rate=0.1 if norm == "inside" else 0.02,
    )
    for steps, norm, sets, preliminary, time, method in product(
        (0, 1, 3),
        ("inside", "outside", "none"),
        ("shared", "per-step"),
        ("none", "shared", "separate"),
        ("current", "late", "preliminary"),
        (1, 2),
    )
    # Without what cannot be (no norm to share) and what is the same again (no steps to tell apart).
    if not (norm == "none" and (preliminary == "shared" or sets == "per-step"))
    if not (steps <= 1 and sets == "per-step")
    if not (steps == 0 and (norm != "inside" or method == 2 or time == "late"))
]

WITH_KERNEL = ("associative-lstm", "fast-weights", "irnn", "lstm", "standard-rnn")
"""Cells that must have what is optional for others: a kernel."""

BUILT_IN = tuple(name for name, cell in registry.cells.items() if cell.__module__.startswith("fastweights."))
"""Cells that must have a reference in NumPy: all of the package's own."""

_NORMALISED = (("layer_norm", True),)
# The published cell, and several heads. The kernel takes up to four products at a time: here 1 to 4.
_ASSOCIATIVE = [
    (("copies", 2), ("heads", 1), ("forget_bias", 0.7)),
    (("copies", 7), ("heads", 3)),
    (("copies", 2), ("heads", 3), ("combine_heads", "mean")),
]
EVERY_ASSOCIATIVE = [
    Case("associative-lstm", (("copies", copies), ("heads", heads)))
    for copies, heads in [(1, 3), (4, 1), (2, 5)]
]
_PROGRAMMER = (
    ("heads", 1),
    ("key_size", 3),
    ("value_size", 2),
    ("writes", 2),
    ("max_write_rate", 1.5),
    ("decay", "vector"),
    ("decay_rank", 2),
    ("key_map", "dpfp"),
    ("dpfp_order", 2),
    ("output_gate", "sigmoid"),
    ("output_gate_rank", 3),
)
# Several heads, and no size that could be another.
_HEADS = (("heads", 2), ("key_size", 3), ("value_size", 4))
EVERY_PROGRAMMER = [
    *(Case(name, _HEADS) for name, cell in registry.cells.items() if issubclass(cell, Programmer)),
    Case("deltaproduct", (*_HEADS, ("writes", 3), ("decay", "scalar"))),
]
_OPTIONS = {
    "deltaproduct": [_PROGRAMMER],
    "associative-lstm": _ASSOCIATIVE,
    "delta-rnn": [(("heads", 2),)],
    "fw-lstm": [(("decay", 0.8), ("write_rate", 0.1), ("forget_bias", 0.7))],
    "gru": [(("reset_gate", "after"),), (("reset_gate", "before"),)],
    "irnn": [(), _NORMALISED],
    "mlstm": [(*_HEADS, ("convolution", 3))],
    "rwkv-7": [(*_HEADS, ("convolution", 3), ("rank", 2), ("output_gate_rank", 6))],
    "rdn": [(("heads", 2),)],
    # A window that every step of a test fits into, and one that some leave.
    "softmax-attention": [(("heads", 1), ("window", 20)), (("heads", 2), ("window", 4), ("convolution", 3))],
    "standard-rnn": [(), _NORMALISED],
    "lstm": [(("forget_bias", 0.7),), _NORMALISED],
    "fast-weights": [case.options for case in FAST_WEIGHTS],
}
CASES = [Case(name, options) for name in registry.cells for options in _OPTIONS.get(name, [()])]
EVERY_CELL = [Case(name) for name in registry.cells]
# Cells whose tests are thorough ones: programmers are one code, of which one cell has most; the others are
# unrolled by the scan that simple ones have, too, but for softmax attention, for which there is no kernel.
SELDOM = {"delta-rnn", "fw-lstm", "gru", "rdn", "softmax-attention"} | {
    name for name, cell in registry.cells.items() if issubclass(cell, Programmer) and name != "deltaproduct"
}
# Sets of options of one class, which two others stand for: but for their references, slow tests.
ALIKE = {name for name in SELDOM - {"linear-attention"} if issubclass(registry.cells[name], RuledProgrammer)}
# One for each cell, with layer normalisation where it has any.
LAST_OF_EACH = list({case.name: case for case in [*CASES, FAST_WEIGHTS[1]]}.values())


def each(cases: list) -> pytest.MarkDecorator:
    """Run a test on each case."""
    return pytest.mark.parametrize("case", cases, ids=str)


def has_a_form_of_its_own(case: Case) -> bool:
    """Whether its cell has a kernel or another fast form; those that have none share the default form."""
    cell = registry.cells[case.name]
    names = ("kernel", "unroll_in_jax", "unroll_together")
    return any(getattr(cell, name) is not getattr(Cell, name) for name in names)


def each_with_a_form_of_its_own(cases: list[Case]) -> pytest.MarkDecorator:
    """Run a test on each case whose cell has a form of its own, on the others if asked to."""
    shared = pytest.mark.thorough
    return each([case if has_a_form_of_its_own(case) else pytest.param(case, marks=shared) for case in cases])


def relative_error(actual, expected) -> float:
    """The largest difference, relative to the largest expected number."""
    actual, expected = np.asarray(actual), np.asarray(expected)  # which compile nothing
    return float(np.max(np.abs(actual - expected)) / np.max(np.abs(expected)))


def as_type(cell: Cell, dtype) -> Cell:
    """The cell with its arrays in another precision."""
    return jax.tree.map(lambda x: x.astype(dtype) if eqx.is_inexact_array(x) else x, cell)
