"""Batches of sequences: symbols as rows of a table, lengths and resets."""

from collections.abc import Callable
from itertools import accumulate
from math import prod
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int32, PyTree

from fastweights.errors import check
from fastweights.numerics import is_known
from fastweights.types import Tokens

Tree = TypeVar("Tree")


def gather(
    table: Float[Array, "symbols projection"], tokens: Tokens
) -> Float[Array, "*batch time projection"]:
    """The projections of sequences of symbols.

    Tokens beyond the table count as its first or last symbol, whichever is nearer.
    """
    return table[nearest_symbols(tokens, len(table))]


def nearest_symbols(tokens: Tokens, num_symbols: int) -> Tokens:
    """The tokens as 32-bit integers, those outside [0, num_symbols) replaced by the nearest inside."""
    if tokens.dtype.itemsize < 4:  # the last symbol might not fit
        tokens = tokens.astype(jnp.int32)
    return jnp.clip(tokens, 0, num_symbols - 1).astype(jnp.int32)


def each_vector(
    function: Callable[[Float[Array, " input"]], Float[Array, " output"]], x: Float[Array, "*batch input"]
) -> Float[Array, "*batch output"]:
    """The function of every vector along the last axis."""
    rows = jax.vmap(function)(x.reshape(prod(x.shape[:-1]), x.shape[-1]))
    return rows.reshape(*x.shape[:-1], rows.shape[-1])


def without_padding(
    inputs: Float[Array, "*batch time input"], lengths: ArrayLike
) -> Float[Array, "*batch time input"]:
    """The inputs with zeros behind each sequence's end, where there may be no number.

    Raises: InvalidValueError, as `checked_lengths`.
    """
    *batch, time, _ = inputs.shape
    valid = jnp.arange(time) < checked_lengths(lengths, tuple(batch), time)[..., None]
    return jnp.where(valid[..., None], inputs, 0)


def within(
    resets: Bool[Array, "batch time"] | None, lengths: Int32[Array, " batch"] | None
) -> Bool[Array, "batch time"] | None:
    """The resets at steps that there are."""
    if resets is None or lengths is None:
        return resets
    return resets & (jnp.arange(resets.shape[1]) < lengths[:, None])


def checked_lengths(lengths: ArrayLike, batch: tuple[int, ...], time: int) -> Int32[Array, "*batch"]:
    """The lengths as an array.

    Raises: InvalidValueError unless there is one integer for each sequence, between 0 and `time`.
    """
    return _checked_integers("lengths", lengths, batch, time)


def checked_positions(
    positions: ArrayLike, batch: tuple[int, ...], time: int
) -> Int32[Array, "*batch labels"]:
    """The positions as an array.

    Raises: InvalidValueError unless they are integers between 0 and time − 1, as many for each sequence.
    """
    labels = jnp.shape(positions)[-1:] if jnp.ndim(positions) else ("labels",)
    return _checked_integers("positions", positions, (*batch, *labels), time - 1)


def _checked_integers(name: str, values: ArrayLike, shape: tuple, most: int) -> Int32[Array, "..."]:
    dtype = jnp.result_type(values)
    check(
        jnp.issubdtype(dtype, jnp.integer) and jnp.shape(values) == shape,
        f"{name} must be integers of the shape {shape}; got {dtype} of the shape {jnp.shape(values)}",
    )
    if is_known(values):
        known = np.asarray(values)
        outside = known[(known < 0) | (known > most)]
        check(not outside.size, f"{name} must be between 0 and {most}; got {outside[:1]}")
    return jnp.asarray(values, jnp.int32)


def checked_resets(resets: ArrayLike, shape: tuple[int, ...]) -> Bool[Array, "*batch time"]:
    """The resets as an array. Raises: InvalidValueError unless there is a truth value for each step."""
    dtype = jnp.result_type(resets)
    check(
        dtype == jnp.bool and jnp.shape(resets) == shape,
        f"resets must be truth values of the shape {shape}; got {dtype} of the shape {jnp.shape(resets)}",
    )
    return jnp.asarray(resets)


def checked_state(state: Tree, one: Tree, batch: tuple[int, ...], dtype: jnp.dtype) -> Tree:
    """The state in this precision. Raises: InvalidValueError unless it is a batch of states like one."""
    expected = jax.tree.map(lambda leaf: (*batch, *leaf.shape), one)
    shapes = jax.tree.map(jnp.shape, state)
    check(shapes == expected, f"state must have the shapes {expected}; got {shapes}")
    return as_type(state, dtype)


def as_type(state: Tree, dtype: jnp.dtype) -> Tree:
    """The state in another precision."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), state)


def choose(condition: Bool[Array, ""], yes: Tree, no: Tree) -> Tree:
    """One of two trees of one shape."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)


def as_rows(state: PyTree[Float[Array, "batch ..."]]) -> Float[Array, "batch numbers"]:
    """A row for each sequence of a batch: the numbers of all arrays of its state, one after the other."""
    leaves = jax.tree.leaves(state)
    return jnp.concatenate([leaf.reshape(len(leaf), prod(leaf.shape[1:])) for leaf in leaves], axis=1)


def from_rows(rows: Float[Array, "batch numbers"], one: Tree) -> Tree:
    """The states of a batch from such rows, given a state of one sequence."""
    leaves, form = jax.tree.flatten(one)
    parts = jnp.split(rows, list(accumulate(leaf.size for leaf in leaves[:-1])), axis=1)
    pairs = zip(parts, leaves, strict=True)
    return form.unflatten(part.reshape(len(rows), *leaf.shape) for part, leaf in pairs)
