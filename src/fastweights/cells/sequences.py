"""Batches of sequences: symbols as rows of a table, lengths and resets."""

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


def valid_steps(lengths: ArrayLike, batch: tuple[int, ...], time: int) -> Bool[Array, "*batch time"]:
    """Which steps come before a sequence's length. Raises as `checked_lengths`."""
    return jnp.arange(time) < checked_lengths(lengths, batch, time)[..., None]


def checked_lengths(lengths: ArrayLike, batch: tuple[int, ...], time: int) -> Int32[Array, "*batch"]:
    """The lengths as an array.

    Raises: InvalidValueError unless there is one integer for each sequence, between 0 and `time`.
    """
    dtype = jnp.result_type(lengths)
    check(
        jnp.issubdtype(dtype, jnp.integer) and jnp.shape(lengths) == batch,
        f"lengths must be integers of the shape {batch}; got {dtype} of the shape {jnp.shape(lengths)}",
    )
    if is_known(lengths):
        values = np.asarray(lengths)
        outside = values[(values < 0) | (values > time)]
        check(not outside.size, f"lengths must be between 0 and {time}; got {outside[:1]}")
    return jnp.asarray(lengths, jnp.int32)


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
