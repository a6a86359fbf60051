"""Outer-product memories over whole sequences: written to at every step, and read after."""

from typing import Literal, get_args

import torch
from torch import Tensor

from fastweights.errors import check_choice
from fastweights.torch.memory.chunks import in_chunks
from fastweights.torch.memory.kernel import by_kernel, is_there
from fastweights.torch.memory.writes import Write, read, written
from fastweights.torch.states import running

Form = Literal["best", "chunks", "kernel", "steps"]
_FORMS = get_args(Form)


def unroll_memory(
    queries: Tensor,
    write: Write,
    state: Tensor | None = None,
    *,
    lengths: Tensor | None = None,
    form: Form = "best",
) -> tuple[Tensor, Tensor]:
    """y(t) = S(t) q(t), where every step writes S ← S Diag(a) − (S r) eᵀ + v wᵀ: the outputs, and the last S.

    As `fastweights.unroll_memory`. `write` has the arrays of all writes: key w, value v, decay a, lookup r
    and erase e, where what is None is left out. With n times as many writes as queries, each step has n of
    them, and reads after the last. Steps from `lengths` on change nothing, whatever stands there: their
    outputs are 0.

    Shapes: queries (N, time, heads, key); key, lookup and erase (N, writes, heads, key), value (N, writes,
    heads, value), decay (N, writes, heads, key), or (N, writes, heads, 1) for a number a head; outputs (N,
    time, heads, value), states (N, heads, value, key), lengths (N,).

    The forms are equal to rounding: "kernel" is native code for the CPU, "steps" the equation, "chunks" a few
    large products for every chunk of steps. "best" is the kernel where there is one, else "chunks".

    Raises: ValueError if a shape or type does not fit, or "kernel" is asked for where there is none.

    >>> import torch
    >>> from fastweights.torch import Write, unroll_memory
    >>> queries, keys, values = torch.randn(3, 2, 10, 1, 4)  # two sequences of 10 steps, one head
    >>> outputs, state = unroll_memory(queries, Write(keys, values))  # Hebb's rule
    >>> outputs.shape, state.shape
    (torch.Size([2, 10, 1, 4]), torch.Size([2, 1, 4, 4]))

    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4; the chunk form after Yang, Wang,
    Zhang, Shen & Kim 2024, arXiv:2406.06484.
    """
    check_choice("form", form, _FORMS)
    _check(queries, write, state)
    if state is None:
        batch, _, heads, size = queries.shape
        state = queries.new_zeros(batch, heads, write.value.shape[-1], size)
    kernel = form in ("best", "kernel") and is_there(queries, write, state)
    if form == "kernel" and not kernel:
        raise ValueError(
            "there is no kernel for such tensors here: it needs a CPU, float32 or float64, and a compiler"
        )
    if not queries.shape[1]:
        return queries.new_zeros(*queries.shape[:-1], write.value.shape[-1]), state
    if kernel:
        return by_kernel(queries, write, state, lengths)
    valid = None
    if lengths is not None:
        valid = running(lengths, queries.shape[1])[..., None, None]
        queries, write = _without_padding(queries, write, valid)
    outputs, last = (in_steps if form == "steps" else in_chunks)(queries, write, state)
    return outputs if valid is None else torch.where(valid, outputs, 0), last


def in_steps(queries: Tensor, write: Write, state: Tensor) -> tuple[Tensor, Tensor]:
    """All outputs and the last state, step by step, of sequences of one length."""
    a_step = write.key.shape[1] // queries.shape[1]
    outputs = []
    for t, query in enumerate(queries.unbind(1)):
        for i in range(t * a_step, (t + 1) * a_step):
            state = written(state, write.map(lambda array, i=i: array[:, i]))
        outputs.append(read(state, query))
    return torch.stack(outputs, dim=1), state


def _without_padding(queries: Tensor, write: Write, valid: Tensor) -> tuple[Tensor, Write]:
    """Behind a sequence's end queries are 0, and nothing is written, erased or decays."""
    runs = valid.repeat_interleave(write.key.shape[1] // queries.shape[1], dim=1)
    key, value, _, lookup, erase = write.map(lambda array: torch.where(runs, array, 0))
    decay = None if write.decay is None else torch.where(runs, write.decay, 1)
    return torch.where(valid, queries, 0), Write(key, value, decay, lookup, erase)


def _check(queries: Tensor, write: Write, state: Tensor | None) -> None:
    """Raise ValueError unless all shapes and types fit."""
    if queries.dim() != 4 or write.key.dim() != 4:
        raise ValueError(
            "Expected queries and keys to be 4D, (N, time, heads, key), "
            f"got {queries.dim()}D and {write.key.dim()}D instead"
        )
    (batch, time, heads, size), writes = queries.shape, write.key.shape[1]
    if (writes % time or writes < time) if time else writes:
        raise ValueError(f"Expected as many writes at every step, got {writes} writes and {time} steps")
    values = write.value.shape[-1]
    expected = {"key": size, "value": values, "lookup": size, "erase": size}
    shapes = {name: (batch, writes, heads, units) for name, units in expected.items()}
    key, value, decay, lookup, erase = write
    given = {"queries": queries, "key": key, "value": value, "decay": decay, "lookup": lookup, "erase": erase}
    for name, array in (*given.items(), ("state", state)):
        if array is None:
            continue
        if array.dtype != queries.dtype:
            raise ValueError(f"Expected all tensors to have one dtype, got {name} of {array.dtype}")
        shape = {**shapes, "queries": queries.shape, "state": (batch, heads, values, size)}.get(name)
        if shape is not None and array.shape != shape:
            raise ValueError(f"Expected {name} size {tuple(shape)}, got {list(array.shape)}")
    gates = [(batch, writes, heads, units) for units in (1, size)]
    if write.decay is not None and write.decay.shape not in gates:
        raise ValueError(f"Expected decay size {gates[0]} or {gates[1]}, got {list(write.decay.shape)}")
    if write.erase is not None and write.lookup is None:
        raise ValueError("erase needs lookup, whose answer is erased")
