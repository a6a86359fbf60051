"""The kernel of memories as PyTorch operators: the arrays of `native/memory.py`, and the same bits."""

import torch
from torch import Tensor

from fastweights.native.sizes import kept_every
from fastweights.torch.call import call, refuse_second, runs
from fastweights.torch.memory.writes import Write


def is_there(queries: Tensor, write: Write, state: Tensor) -> bool:
    """Whether there is a kernel for these arrays."""
    return bool(len(queries)) and runs(queries, *write, state)


def by_kernel(queries: Tensor, write: Write, state: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """All outputs and the last state, as in `unroll_memory`."""
    given = [queries, state, *(array for array in write if array is not None)]
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)
    lengths = None if lengths is None else lengths.to(torch.int32)
    outputs, last, _, _ = memory_forward(queries, *write, state, lengths, keep)
    return outputs, last


_GIVEN = "Tensor query, Tensor key, Tensor value, Tensor? decay, Tensor? lookup, Tensor? erase, Tensor state"
_GIVEN += ", Tensor? lengths"


def _run(query, key, value, decay, lookup, erase, state, lengths, keep):
    """Outputs, last states; and for the derivative states before some writes, and what writes found."""
    written = _results(query, key, value, lookup, state, keep)
    if lengths is not None:  # what is kept of steps that there are not
        for array in written[2:]:
            array.zero_()
    given = _without_none(query, key, value, decay, lookup, erase, state, lengths)
    call("WriteForward", given, written, [kept_every(key.shape[1])])
    return written


memory_forward = torch.library.custom_op(
    "fastweights::memory_forward",
    _run,
    mutates_args=(),
    device_types="cpu",
    schema=f"({_GIVEN}, bool keep) -> (Tensor, Tensor, Tensor, Tensor)",
)


@memory_forward.register_fake
def _(query, key, value, decay, lookup, erase, state, lengths, keep):  # noqa: ARG001
    return _results(query, key, value, lookup, state, keep)


def _results(query, key, value, lookup, state, keep) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    (batch, time, heads, keys), writes, values = query.shape, key.shape[1], value.shape[-1]
    states = -(-writes // kept_every(writes)) if keep else 0
    finds = writes if keep and lookup is not None else 0
    return (
        query.new_empty(batch, time, heads, values),
        query.new_empty(state.shape),
        query.new_empty(batch, heads, states, keys, values),
        query.new_empty(batch, finds, heads, values),
    )


def _without_none(query, key, value, decay, lookup, erase, state, lengths) -> list[Tensor]:
    """All arrays, empty ones for what is not given; there are no resets."""
    row = key.new_empty(*key.shape[:-1], 0)
    given = [row if array is None else array for array in (query, key, value, decay, lookup, erase, state)]
    lengths = query.new_empty(0, dtype=torch.int32) if lengths is None else lengths
    return [*given, lengths, query.new_empty(0, 0, dtype=torch.bool)]


def _run_backward(query, key, value, decay, lookup, erase, state, lengths, kept, found, d_outputs, d_last):
    """The cotangents of query, key, value, decay, lookup, erase and state; empty for what is not given."""
    given = _without_none(query, key, value, decay, lookup, erase, state, lengths)
    written = [torch.empty_like(array, memory_format=torch.contiguous_format) for array in given[:7]]
    if d_outputs is None:
        d_outputs = query.new_zeros(*query.shape[:-1], value.shape[-1])
    d_last = torch.zeros_like(state) if d_last is None else d_last
    call("WriteBackward", [d_outputs, d_last, *given, kept, found], written, [kept_every(key.shape[1])])
    return written


memory_backward = torch.library.custom_op(
    "fastweights::memory_backward",
    _run_backward,
    mutates_args=(),
    device_types="cpu",
    schema=f"({_GIVEN}, Tensor kept, Tensor found, Tensor? d_outputs, Tensor? d_last) -> Tensor[]",
)


@memory_backward.register_fake
def _(query, key, value, decay, lookup, erase, state, lengths, kept, found, d_outputs, d_last):  # noqa: ARG001
    given = _without_none(query, key, value, decay, lookup, erase, state, lengths)
    return [torch.empty_like(array, memory_format=torch.contiguous_format) for array in given[:7]]


def _save(ctx, inputs, output):
    *given, keep = inputs
    ctx.set_materialize_grads(False)
    ctx.keep = keep
    ctx.save_for_backward(*given, *output[2:])
    ctx.mark_non_differentiable(*output[2:])


def _pull_back(ctx, d_outputs, d_last, *_):
    if not ctx.keep:
        raise RuntimeError("the kernel kept nothing for a gradient: none was asked for when it ran")
    cotangents = memory_backward(*ctx.saved_tensors, d_outputs, d_last)
    given = ctx.saved_tensors[:7]
    return *(None if a is None else d for a, d in zip(given, cotangents, strict=True)), None, None


memory_forward.register_autograd(_pull_back, setup_context=_save)
memory_backward.register_autograd(refuse_second)
