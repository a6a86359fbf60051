"""Whole batches at once: by a cell's kernel if there is one, else in JAX, mapped over the sequences.

The cells here are of `cells/base.py`, which imports this.
"""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int32

from fastweights.cells.options.footprint import MAX_KEPT_STEPS
from fastweights.cells.sequences import as_rows, as_type, choose, from_rows
from fastweights.native.calls import Kernel, Results, Sequences
from fastweights.native.derivatives import recurrence
from fastweights.numerics import checkpointed_scan


class Batch(NamedTuple):
    """Sequences of projections, checked, with one batch axis."""

    projections: Float[Array, "batch time projection"]
    state: Any = None
    """The state before the first step, or None: the cell's initial one."""
    lengths: Int32[Array, " batch"] | None = None
    """How many steps each sequence has, or None: all of them."""
    resets: Bool[Array, "batch time"] | None = None
    """The steps before which the state is the initial one, or None: there are none."""

    def steps(self) -> Bool[Array, "batch time"]:
        """Which steps there are: those before a sequence's end."""
        batch, time, _ = self.projections.shape
        if self.lengths is None:
            return jnp.ones((batch, time), bool)
        return jnp.arange(time) < self.lengths[:, None]

    def without_padding(self) -> "Batch":
        """With zeros behind each sequence's end, where there may be no number."""
        if self.lengths is None:
            return self
        return self._replace(projections=jnp.where(self.steps()[..., None], self.projections, 0))


def unroll_batch(cell: Any, given: Batch) -> tuple[Float[Array, "batch time hidden"], Any]:
    """All outputs and the state after the last step, as in `Cell.unroll_projected`."""
    projections, state, lengths, resets = given
    batch, time, size = projections.shape
    kernel = _kernel(cell, time, time, projections.dtype)
    if kernel is None:
        return _in_jax(cell, given)
    # To a kernel, every projection is a symbol of its own.
    tokens = jnp.arange(batch * time, dtype=jnp.int32).reshape(batch, time)
    rows = None if state is None else as_rows(state)
    sequences = Sequences(projections.reshape(batch * time, size), tokens, rows, lengths, resets)
    outputs, last = _by_kernel(kernel, cell, sequences, time)
    if kernel.last_state is None:
        return outputs, from_rows(last, cell.initial_state())
    return outputs, kernel.last_state(last, outputs, state, lengths, resets)


def last_outputs(
    cell: Any, table: Float[Array, "symbols projection"], tokens: Int32[Array, "batch time"]
) -> Float[Array, "batch hidden"]:
    """The last outputs of sequences of symbols, none of them beyond the table."""
    kernel = _kernel(cell, tokens.shape[1], 1, table.dtype)
    if kernel is None:
        return cell.unroll_together(Batch(table[tokens]))[0][:, -1]
    return _by_kernel(kernel, cell, Sequences(table, tokens), 1)[0][:, 0]


def unroll_steps(
    cell: Any,
    projections: Float[Array, "time projection"],
    state: Any,
    valid: Bool[Array, " time"] | None,
    resets: Bool[Array, " time"] | None,
) -> tuple[Float[Array, "time hidden"], Any]:
    """One sequence by a scan over its steps, as in `Cell.unroll_in_jax`."""
    first = as_type(cell.initial_state(), projections.dtype)
    state = first if state is None else state
    if valid is not None and resets is not None:
        resets = resets & valid

    def step(state, now):
        projection, valid, reset = now
        if reset is not None:
            state = choose(reset, first, state)
        new, output = cell.step(state, projection)
        if valid is not None:
            new, output = choose(valid, (new, output), (state, jnp.zeros_like(output)))
        return new, output

    scan = lax.scan if len(projections) <= MAX_KEPT_STEPS else checkpointed_scan
    state, outputs = scan(step, state, (projections, valid, resets))
    return outputs, state


def _kernel(cell: Any, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
    """The cell's kernel, if there is one for such arrays."""
    kernel = cell.kernel(length, outputs, dtype)
    if kernel is None or any(array.dtype != dtype for array in jax.tree.leaves(kernel.operands)):
        return None
    return kernel


def _in_jax(cell: Any, given: Batch) -> tuple[Float[Array, "batch time hidden"], Any]:
    projections, state, lengths, resets = given.without_padding()
    valid = None if lengths is None else given.steps()
    return jax.vmap(lambda *one: cell.unroll_in_jax(*one))(projections, state, valid, resets)


def _by_kernel(kernel: Kernel, cell: Any, sequences: Sequences, outputs: int) -> Results:
    """The last outputs and numbers of the last state by the cell's kernel, with all derivatives.

    No function here closes over an array, since JAX may be tracing it: each makes the kernel of its own cell.
    """
    arrays, static = eqx.partition(cell, eqx.is_array)
    length, dtype = sequences.tokens.shape[1], sequences.table.dtype
    state_size, least_batch = kernel.state_size, kernel.least_batch

    def kernel_of(arrays):
        # All cells that a derivative is taken of have the same sizes, and so a kernel too.
        return eqx.combine(arrays, static).kernel(length, outputs, dtype)

    def plain(arrays, sequences):
        cell, (table, tokens, rows, lengths, resets) = eqx.combine(arrays, static), sequences
        state = None if rows is None else from_rows(rows, cell.initial_state())
        every, last = _in_jax(cell, Batch(table[tokens], state, lengths, resets))
        return every[:, length - outputs :], as_rows(last)[:, :state_size]

    def call(function, arrays, sequences):
        kernel = kernel_of(arrays)
        return getattr(kernel, function)(sequences, kernel.operands)

    def backward(arrays, sequences, kept, cotangents):
        trained, others = eqx.partition(arrays, eqx.is_inexact_array)
        kernel = kernel_of(arrays)
        pull_back = jax.vjp(lambda trained: kernel_of(eqx.combine(trained, others)).operands, trained)[1]
        d_sequences, d_operands = kernel.backward(sequences, kernel.operands, kept, cotangents)
        return pull_back(d_operands)[0], d_sequences

    def are_few(sequences):
        return len(sequences.tokens) < least_batch

    evaluate, forward = partial(call, "evaluate"), partial(call, "forward")
    return recurrence(plain, evaluate, forward, backward, are_few)(arrays, sequences)
