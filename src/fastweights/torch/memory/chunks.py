"""A memory chunk by chunk: within a chunk of writes, everything is a product of matrices.

The equations stand in `cells/programmers/chunks.py`, of which this is the form in PyTorch.
"""

import torch
from torch import Tensor

from fastweights.torch.memory.writes import Write

_CHUNK = 64
# With a decay for each unit of a key, products of decays have an axis more.
_CHUNK_OF_VECTORS = 16


def in_chunks(
    queries: Tensor, write: Write, state: Tensor, chunk: int | None = None
) -> tuple[Tensor, Tensor]:
    """All outputs and the last state, as in `unroll_memory`, of sequences of one length."""
    time, writes = queries.shape[1], write.key.shape[1]
    a_step = writes // time
    bad = _spoiled(state, write)
    # A product with 0 is not 0 where there is no number.
    state, write = _cleared(state), write.map(_cleared)
    is_vector = write.decay is not None and write.decay.shape[-1] > 1
    steps = max(1, (chunk or (_CHUNK_OF_VECTORS if is_vector else _CHUNK)) // a_step)
    outputs = []
    for start in range(0, time, steps):
        here = slice(start * a_step, (start + steps) * a_step)
        own = write.map(lambda array, here=here: array[:, here].transpose(1, 2))
        state, output = _chunk(state, queries[:, start : start + steps].transpose(1, 2), own, a_step)
        outputs.append(output.transpose(1, 2))
    answers = torch.cat(outputs, dim=1).masked_fill(bad[:, a_step::a_step, :, None], torch.nan)
    return answers, state.masked_fill(bad[:, -1, :, None, None], torch.nan)


def _chunk(state: Tensor, queries: Tensor, write: Write, a_step: int) -> tuple[Tensor, Tensor]:
    """The state (N, heads, value, key) after a chunk, and its steps' outputs (N, heads, steps, value)."""
    key, value, decay, lookup, erase = write
    size, device = key.shape[-2], key.device
    since, since_start = _products(decay, key)

    def matches(x: Tensor, after: slice, vectors: Tensor) -> Tensor:
        """Σ_k w_i b(t, i) x for each t (rows) and each write before it (columns)."""
        b = since[..., after, :, :]
        at = torch.arange(size + 1, device=device)[after]
        if b.shape[-1] == 1:
            scores = (x @ vectors.mT) * b[..., 0]
        else:
            scores = torch.einsum("...tk,...tik,...ik->...ti", x, b, vectors)
        return scores.masked_fill(torch.arange(size, device=device) >= at[:, None], 0)

    def of_start(x: Tensor, after: slice) -> Tensor:
        return (x * since_start[..., after, :]) @ state.mT

    # What write t finds, after t writes; what is read after the last write of each step.
    before, reads = slice(0, size), slice(a_step, size + 1, a_step)
    outputs = of_start(queries, reads) + matches(queries, reads, key) @ value
    kept = since[..., -1, :, :]
    after = state * since_start[..., -1:, :] + value.mT @ (kept * key)
    if lookup is not None:
        erase = key if erase is None else erase
        given = of_start(lookup, before) + matches(lookup, before, key) @ value
        system = torch.eye(size, dtype=key.dtype, device=device) + matches(lookup, before, erase)
        p = torch.linalg.solve_triangular(system, given, upper=False, unitriangular=True)
        outputs = outputs - matches(queries, reads, erase) @ p
        after = after - p.mT @ (kept * erase)
    return after, outputs


def _products(decay: Tensor | None, key: Tensor) -> tuple[Tensor, Tensor]:
    """b(t, i), the product of the decays after write i until t writes are done (1 where none is), and b(t),
    for t = 0 … size."""
    size = key.shape[-2]
    if decay is None:
        return key.new_ones(size + 1, size, 1), key.new_ones(size + 1, 1)
    # Decay j (rows) comes after write i.
    later = torch.ones(size, size, dtype=torch.bool, device=key.device).tril(-1)
    factors = torch.where(later[..., None], decay[..., :, None, :], 1)
    since = torch.cat([torch.ones_like(factors[..., :1, :, :]), factors.cumprod(-3)], dim=-3)
    since_start = torch.cat([torch.ones_like(decay[..., :1, :]), decay.cumprod(-2)], dim=-2)
    return since, since_start


def _spoiled(state: Tensor, write: Write) -> Tensor:
    """Whether a memory holds what is not a number, (N, times, heads): before the first write, and after each.

    A sum of products would spread it to earlier steps.
    """
    parts = [~array.isfinite().all(-1) for array in write if array is not None]
    bad = torch.cat([~state.isfinite().all(3).all(2)[:, None], torch.stack(parts).any(0)], dim=1)
    return bad.int().cumsum(1) > 0


def _cleared(array: Tensor) -> Tensor:
    """The array with zeros for what is not a number."""
    return torch.where(array.isfinite(), array, 0)
