"""What the calls of all kernels have in common."""

from collections.abc import Callable, Sequence

import jax
import jax.ffi
import jax.numpy as jnp
from jax import Array

from fastweights.native.library import available, target

_BLOCK_BYTES = 64  # as in lanes.h
_TYPES = (jnp.float32, jnp.float64)


# A tape keeps every step; longer sequences would outgrow the memory.
_MAX_LENGTH = 1000


def runs(length: int, dtype: jnp.dtype) -> bool:
    """Whether there are kernels, here, for sequences of this length and numbers of this type."""
    return length <= _MAX_LENGTH and dtype in _TYPES and available()


def kernel(name: str, results: Sequence[jax.ShapeDtypeStruct]) -> Callable[..., Sequence[Array]]:
    """The kernel as a function of arrays and named static numbers."""
    return jax.ffi.ffi_call(target(name), results, vmap_method="sequential")


def tapes(batch: int, size: int, dtype: jnp.dtype, keep: bool) -> jax.ShapeDtypeStruct:
    """What forward leaves behind, `size` numbers a column: a tape for each block of lanes, or, where nothing
    is kept, one that all blocks write over."""
    lanes = _BLOCK_BYTES // dtype.itemsize
    return jax.ShapeDtypeStruct((-(-batch // lanes) if keep else 1, size * lanes), dtype)


def like(array: Array) -> jax.ShapeDtypeStruct:
    """Shape and type of an array."""
    return jax.ShapeDtypeStruct(array.shape, array.dtype)
