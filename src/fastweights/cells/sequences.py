"""Batches of sequences: symbols as rows of a table, lengths and resets."""

from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

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
    """Which steps come before a sequence's length.

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
    return jnp.arange(time) < jnp.asarray(lengths)[..., None]


def checked_resets(resets: ArrayLike, shape: tuple[int, ...]) -> Bool[Array, "*batch time"]:
    """The resets as an array. Raises: InvalidValueError unless there is a truth value for each step."""
    dtype = jnp.result_type(resets)
    check(
        dtype == jnp.bool and jnp.shape(resets) == shape,
        f"resets must be truth values of the shape {shape}; got {dtype} of the shape {jnp.shape(resets)}",
    )
    return jnp.asarray(resets)


def choose(condition: Bool[Array, ""], yes: Tree, no: Tree) -> Tree:
    """One of two trees of one shape."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)
