"""The kernels of sequences as PyTorch operators, with their derivatives backward.

They take the same arrays as in `native/calls.py`, and give the same bits. There is no second derivative.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from fastweights.native.sizes import BLOCK_BYTES
from fastweights.torch.call import call, is_traced, refuse_second, runs


class Kernel(NamedTuple):
    """What a cell tells its kernel."""

    name: str
    """Its functions in kernels.cc are `{name}Forward` and `{name}Backward`."""
    operands: list[Tensor]
    """The arrays that it takes of the cell, as functions of the cell's own; the last axis of the first one is
    as long as there are units."""
    state_size: int
    """How many numbers a last state has."""
    tape_size: int
    """How many numbers forward leaves to backward for each sequence."""
    numbers: Sequence[int] = ()
    constants: Sequence[Tensor] = ()
    """Arrays of integers that follow the operands."""

    def runs(self, projections: Tensor, batch: int | None = None) -> bool:
        """Whether it can take so many sequences of projections, or (N, time, …) of them."""
        batch = len(projections) if batch is None else batch
        return batch > 0 and runs(projections, *self.operands)


def evaluate(
    kernel: Kernel,
    table: Tensor,
    tokens: Tensor,
    state: Tensor | None = None,
    lengths: Tensor | None = None,
    outputs: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The last `outputs` outputs (batch, outputs, hidden) of sequences, or all, and their last states (batch,
    numbers): of rows of a table (symbols, projection), named by tokens (batch, time)."""
    given = [table, *kernel.operands, *([] if state is None else [state])]
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)
    arguments = (
        kernel.name,
        table,
        tokens,
        state,
        lengths,
        kernel.operands,
        list(kernel.constants),
        list(kernel.numbers) or [0],  # autograd takes an empty list for one of tensors
        tokens.shape[1] if outputs is None else outputs,
        kernel.state_size,
        kernel.tape_size,
        keep,
    )
    if is_traced(*given):
        out, last, _ = forward(*arguments)
    elif keep:
        out, last = _Untraced.apply(arguments, table, state, *kernel.operands)
    else:
        out, last, _ = _run(*arguments)
    return out, last


_GIVEN = "str kernel, Tensor table, Tensor tokens, Tensor? state, Tensor? lengths, Tensor[] operands"
_GIVEN += ", Tensor[] constants, SymInt[] numbers"


def _run(
    kernel,
    table,
    tokens,
    state,
    lengths,
    operands,
    constants,
    numbers,
    outputs,
    state_size,
    tape_size,
    keep,
    tape=Tensor.new_empty,
):
    """Outputs, last states, and a tape for each block of sequences, or one where nothing is kept."""
    written = _results(table, tokens, operands, outputs, state_size, tape_size, keep, tape)
    given = table, *_without_none(table, tokens, state, lengths), *operands, *constants
    call(f"{kernel}Forward", given, written, numbers)
    return written


def _run_cleared(*arguments):
    """`_run` for who expects the same of equal calls: of a tape some numbers are never written, nor read."""
    return _run(*arguments, tape=Tensor.new_zeros)


forward = torch.library.custom_op(
    "fastweights::sequences_forward",
    _run_cleared,
    mutates_args=(),
    device_types="cpu",
    schema=f"({_GIVEN}, SymInt outputs, SymInt state_size, SymInt tape_size, bool keep) "
    "-> (Tensor, Tensor, Tensor)",
)


@forward.register_fake
def _(kernel, table, tokens, state, lengths, operands, constants, numbers, *sizes):  # noqa: ARG001
    return _results(table, tokens, operands, *sizes)


def _results(
    table, tokens, operands, outputs, state_size, tape_size, keep, tape=Tensor.new_empty
) -> tuple[Tensor, Tensor, Tensor]:
    batch, lanes = tokens.shape[0], BLOCK_BYTES // table.dtype.itemsize
    tapes = -(-batch // lanes) if keep else 1
    return (
        table.new_empty(batch, outputs, operands[0].shape[-1]),
        table.new_empty(batch, state_size),
        tape(table, (tapes, tape_size * lanes)),
    )


def _without_none(table, tokens, state, lengths) -> tuple[Tensor, ...]:
    """All but the table, with an empty array for what is not given; there are no resets."""
    return (
        tokens,
        table.new_empty(tokens.shape[0], 0) if state is None else state,
        tokens.new_empty(0) if lengths is None else lengths,
        tokens.new_empty(0, 0, dtype=torch.bool),
    )


def _run_backward(
    kernel, table, tokens, state, lengths, operands, constants, numbers, d_outputs, d_last, tapes
):
    """The cotangents of table, state (empty if there is none) and operands."""
    batch, units = tokens.shape[0], operands[0].shape[-1]
    # The last output or state of no sequence is asked for.
    d_outputs = table.new_empty(batch, 0, units) if d_outputs is None else d_outputs
    d_last = table.new_empty(batch, 0) if d_last is None else d_last
    rest = _without_none(table, tokens, state, lengths)
    written = [
        torch.empty_like(a, memory_format=torch.contiguous_format) for a in (table, rest[1], *operands)
    ]
    again = [table] if kernel.endswith("Chunks") else []  # whose steps are done again
    call(
        f"{kernel}Backward",
        [d_outputs, d_last, *again, *rest, *operands, *constants, tapes],
        written,
        numbers,
    )
    return written


backward = torch.library.custom_op(
    "fastweights::sequences_backward",
    _run_backward,
    mutates_args=(),
    device_types="cpu",
    schema=f"({_GIVEN}, Tensor? d_outputs, Tensor? d_last, Tensor tapes) -> Tensor[]",
)


@backward.register_fake
def _(kernel, table, tokens, state, lengths, operands, *_):  # noqa: ARG001
    given = table, _without_none(table, tokens, state, lengths)[1], *operands
    return [torch.empty_like(a, memory_format=torch.contiguous_format) for a in given]


def _save(ctx, inputs, output):
    kernel, table, tokens, state, lengths, operands, constants, numbers, *_, keep = inputs
    ctx.set_materialize_grads(False)
    ctx.kernel, ctx.numbers, ctx.counts, ctx.keep = kernel, numbers, (len(operands), len(constants)), keep
    ctx.save_for_backward(table, tokens, state, lengths, *operands, *constants, output[2])
    ctx.mark_non_differentiable(output[2])


def _pull_back(ctx, d_outputs, d_last, _):
    if not ctx.keep:
        raise RuntimeError("the kernel kept nothing for a gradient: none was asked for when it ran")
    table, tokens, state, lengths, *rest, tapes = ctx.saved_tensors
    operands, constants = rest[: ctx.counts[0]], rest[ctx.counts[0] :]
    d_table, d_state, *d_operands = backward(
        ctx.kernel, table, tokens, state, lengths, operands, constants, ctx.numbers, d_outputs, d_last, tapes
    )
    d_state = None if state is None else d_state
    return None, d_table, None, d_state, None, d_operands, [None] * len(constants), *[None] * 5


forward.register_autograd(_pull_back, setup_context=_save)
backward.register_autograd(refuse_second)


class _Untraced(torch.autograd.Function):
    """`forward` with its derivative, where nobody watches."""

    @staticmethod
    def forward(ctx, arguments, table, state, *operands):
        kernel, _, tokens, _, lengths, _, constants, numbers, *_ = arguments
        out, last, tapes = _run(*arguments)
        ctx.set_materialize_grads(False)
        ctx.kernel, ctx.constants, ctx.numbers = kernel, constants, numbers
        ctx.save_for_backward(table, tokens, state, lengths, tapes, *operands)
        return out, last

    @staticmethod
    def backward(ctx, *grad_outputs):
        d_outputs, d_last = grad_outputs
        table, tokens, state, lengths, tapes, *operands = ctx.saved_tensors
        given = table, tokens, state, lengths, operands, ctx.constants, ctx.numbers
        # The operator, if there is to be a derivative of this one: it says that there is none.
        run = backward if torch.is_grad_enabled() else _run_backward
        d_table, d_state, *d_operands = run(ctx.kernel, *given, d_outputs, d_last, tapes)
        return None, d_table, None if state is None else d_state, *d_operands
