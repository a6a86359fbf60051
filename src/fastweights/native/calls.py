"""What the kernels have in common, and how they are called."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.ffi
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Bool, Float, Int32, PyTree

from fastweights.native.sizes import BLOCK_BYTES, LONGEST_TAPE
from fastweights.native.xla import available, target

_TYPES = (jnp.float32, jnp.float64)


class Sequences(NamedTuple):
    """A batch of sequences of symbols."""

    table: Float[Array, "symbols projection"]
    """The symbols' projections; of the whole batch."""
    tokens: Int32[Array, "batch time"]
    """Rows of the table, none beyond it."""
    state: Float[Array, "batch state"] | None = None
    """The state before the first step, one row for each sequence; the zero state if None."""
    lengths: Int32[Array, " batch"] | None = None
    """The steps of each sequence. What comes later is not looked at and changes nothing; outputs are 0."""
    resets: Bool[Array, "batch time"] | None = None
    """Before which steps a sequence starts anew, from the zero state."""

    def merged(self, is_mapped: "Sequences", size: int) -> "Sequences":
        """The sequences of `size` batches as one; what is mapped has one more axis, the first one."""
        merged = jax.tree.map(
            lambda array, mapped: array if mapped else jnp.broadcast_to(array, (size, *array.shape)),
            self._replace(table=None),
            is_mapped._replace(table=None),
        )
        table = self.table
        if is_mapped.table:
            # One table under the other.
            first_rows = table.shape[1] * jnp.arange(size, dtype=merged.tokens.dtype)
            merged = merged._replace(tokens=merged.tokens + first_rows[:, None, None])
            table = lax.collapse(table, 0, 2)
        return jax.tree.map(lambda array: lax.collapse(array, 0, 2), merged)._replace(table=table)


Results = tuple[Float[Array, "batch outputs hidden"], Float[Array, "batch last"]]
"""The last so many outputs of each sequence, and the state after its last step."""
Cotangents = tuple[Float[Array, "batch outputs hidden"] | None, Float[Array, "batch last"] | None]


class Kernel(NamedTuple):
    """A fast form of a recurrence, and its derivative backward. The functions are pure."""

    state_size: int
    """How many numbers a last state has."""
    operands: PyTree
    """The arrays that it takes of the cell, as differentiable functions of the cell's own."""
    evaluate: Callable[[Sequences, PyTree], Results]
    forward: Callable[[Sequences, PyTree], tuple[Results, PyTree]]
    """`evaluate`, and what `backward` needs besides."""
    backward: Callable[[Sequences, PyTree, PyTree, Cotangents], tuple[Sequences, PyTree]]
    """The cotangents of the sequences' table and state, and of the operands; takes what was kept, and the
    cotangents of the results, None where they are 0."""
    last_state: Callable[..., Any] | None = None
    """Makes a cell's last state of those numbers, all outputs, the given state, lengths and resets; if None,
    they are all of it."""
    least_batch: int = 1
    """Fewer sequences go faster in JAX: a kernel takes as long for one as for a block."""


def runs(length: int, dtype: jnp.dtype, longest: int = LONGEST_TAPE) -> bool:
    """Whether there are kernels, here, for sequences of this length and numbers of this type.

    `longest` is the longest sequence of a kernel that does not keep every step.
    """
    return 1 <= length <= longest and dtype in _TYPES and available()


def native(
    name: str,
    outputs: int,
    state_size: int,
    tape_size: int,
    operands: tuple[Array, ...],
    numbers: Sequence[int] = (),
    constants: tuple[np.ndarray, ...] = (),
    table_again: bool = False,
) -> Kernel:
    """The functions `{name}Forward` and `{name}Backward` of kernels.cc, with these numbers, for the last
    `outputs` outputs. The last axis of the first operand, such as W, is as long as there are units.

    `state_size` is how many numbers a last state has, `tape_size` how many forward leaves to backward for
    each sequence. Constants are arrays of integers that follow the operands. A kernel that does steps again
    on its way back takes the `table_again`, after the cotangents.
    """

    def call(direction: str, results: list[jax.ShapeDtypeStruct], *arrays: Array | np.ndarray) -> list[Array]:
        function = jax.ffi.ffi_call(target(name + direction), results, vmap_method="sequential")
        return list(function(*arrays, numbers=np.array(numbers, np.int64)))

    def results_and_tapes(keep: bool, sequences: Sequences, operands: tuple[Array, ...]):
        batch, dtype = len(sequences.tokens), operands[0].dtype
        lanes = BLOCK_BYTES // dtype.itemsize
        # A tape for each block of lanes; where nothing is kept, one that all blocks write over.
        tapes = -(-batch // lanes) if keep else 1
        shapes = (batch, outputs, operands[0].shape[-1]), (batch, state_size), (tapes, tape_size * lanes)
        results = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
        given = sequences.table, *_without_none(sequences)
        states, last, tapes = call("Forward", results, *given, *operands, *constants)
        return (states, last), tapes

    def backward(sequences: Sequences, operands: tuple[Array, ...], tapes: Array, cotangents: Cotangents):
        given, (d_outputs, d_last) = _without_none(sequences), cotangents
        batch, units, dtype = len(sequences.tokens), operands[0].shape[-1], operands[0].dtype
        # The last output or state of no sequence is asked for.
        d_outputs = np.zeros((batch, 0, units), dtype) if d_outputs is None else d_outputs
        d_last = np.zeros((batch, 0), dtype) if d_last is None else d_last
        results = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (sequences.table, given[1], *operands)]
        if table_again:
            given = sequences.table, *given
        d_table, d_state, *d_operands = call(
            "Backward", results, d_outputs, d_last, *given, *operands, *constants, tapes
        )
        d_sequences = Sequences(d_table, None, None if sequences.state is None else d_state)  # pyright: ignore
        return d_sequences, tuple(d_operands)

    return Kernel(
        state_size,
        operands,
        lambda *arrays: results_and_tapes(False, *arrays)[0],
        lambda *arrays: results_and_tapes(True, *arrays),
        backward,
    )


def _without_none(sequences: Sequences) -> tuple[Array | np.ndarray, ...]:
    """All but the table, with an empty array for what is not given."""
    table, tokens, state, lengths, resets = sequences
    return (
        tokens,
        np.zeros((len(tokens), 0), table.dtype) if state is None else state,
        np.zeros(0, np.int32) if lengths is None else lengths,
        np.zeros((0, 0), bool) if resets is None else resets,
    )
