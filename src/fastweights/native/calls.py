"""What the kernels have in common, and how they are called."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.ffi
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import PyTree

from fastweights.native.library import available, target

_BLOCK_BYTES = 64  # as in lanes.h
_TYPES = (jnp.float32, jnp.float64)


# A tape keeps every step; longer sequences would outgrow the memory.
_MAX_LENGTH = 1000


class Kernel(NamedTuple):
    """A fast form of a recurrence, and its derivative backward.

    The functions are pure. They take the inputs, whose cotangents are wanted; constants, such as tokens;
    and `operands`, in this order.
    """

    operands: PyTree
    """The arrays that it takes of the cell, as differentiable functions of the cell's own."""
    evaluate: Callable[[PyTree, PyTree, PyTree], Array]
    """The outputs."""
    forward: Callable[[PyTree, PyTree, PyTree], tuple[Array, PyTree]]
    """The outputs, and what `backward` needs besides."""
    backward: Callable[[PyTree, PyTree, PyTree, PyTree, Array], tuple[PyTree, PyTree]]
    """The cotangents of inputs and operands; takes what was kept, and the cotangent of the outputs."""


def runs(length: int, dtype: jnp.dtype) -> bool:
    """Whether there are kernels, here, for sequences of this length and numbers of this type."""
    return length <= _MAX_LENGTH and dtype in _TYPES and available()


def native(
    name: str,
    outputs: int,
    tape_size: int,
    operands: tuple[Array, ...],
    constants: tuple[np.ndarray, ...] = (),
    **attributes: np.generic | np.ndarray,
) -> Kernel:
    """The functions `{name}Forward` and `{name}Backward` of kernels.cc, for the last `outputs` outputs of
    sequences of symbols, whose projections are rows of a table. The last axis of the first operand, such as
    W, is as long as there are units.

    `tape_size` is how many numbers forward leaves to backward for each sequence. Constants are arrays of
    integers that follow the operands.
    """

    def call(
        direction: str, results: list[jax.ShapeDtypeStruct], *arrays: Array | np.ndarray
    ) -> Sequence[Array]:
        function = jax.ffi.ffi_call(target(name + direction), results, vmap_method="sequential")
        return function(*arrays, **attributes)

    def outputs_and_tapes(keep: bool, table: Array, tokens: Array, operands: tuple[Array, ...]):
        batch, units, dtype = tokens.shape[1], operands[0].shape[-1], operands[0].dtype
        lanes = _BLOCK_BYTES // dtype.itemsize
        # A tape for each block of lanes; where nothing is kept, one that all blocks write over.
        tapes = -(-batch // lanes) if keep else 1
        results = [
            jax.ShapeDtypeStruct((outputs, units, batch), dtype),
            jax.ShapeDtypeStruct((tapes, tape_size * lanes), dtype),
        ]
        states, tape = call("Forward", results, table, tokens, *operands, *constants)
        return states, tape

    def backward(table, tokens, operands, tapes, d_outputs):
        results = [jax.ShapeDtypeStruct(array.shape, array.dtype) for array in (table, *operands)]
        d_table, *d_operands = call("Backward", results, d_outputs, tokens, *operands, *constants, tapes)
        return d_table, tuple(d_operands)

    return Kernel(
        operands,
        lambda *arrays: outputs_and_tapes(False, *arrays)[0],
        partial(outputs_and_tapes, True),
        backward,
    )
