"""Causal multi-head softmax attention as a recurrent cell: its state is what it has kept of the past."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.options.heads import check_heads
from fastweights.cells.options.softmax_attention import SHORTEST_CHUNK, SoftmaxAttentionOptions
from fastweights.torch.cell import Cell
from fastweights.torch.convolution import convolve
from fastweights.torch.layers import uniform_
from fastweights.torch.recurrent import Recurrent
from fastweights.torch.states import running


class SoftmaxAttentionState(NamedTuple):
    """Keys and values of the latest steps, each (window, hidden), the newest last, and how many of them have
    been filled, (). The latest projections W x, (convolution − 1, 3 hidden), the oldest first; None without
    a convolution."""

    keys: Tensor
    values: Tensor
    filled: Tensor
    recent: Tensor | None


class SoftmaxAttentionCell(Cell):
    """One step of `SoftmaxAttention`."""

    Options = SoftmaxAttentionOptions
    State = SoftmaxAttentionState

    def make(self, place: dict[str, Any]) -> None:
        units = self.hidden_size
        check_heads(units, self.options.heads)
        rows, width = 3 * units, self.options.convolution
        self.input = nn.Parameter(torch.empty(rows, self.input_size, **place))
        self.convolution = nn.Parameter(torch.empty(rows, width, **place)) if width else None
        self.output = nn.Parameter(torch.empty(units, units, **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.input, self.input_size, generator)
        uniform_(self.output, self.hidden_size, generator)
        if self.convolution is not None:
            uniform_(self.convolution, self.options.convolution, generator)

    def state_shapes(self) -> SoftmaxAttentionState:
        kept, width = (self.options.window, self.hidden_size), self.options.convolution
        recent = (width - 1, 3 * self.hidden_size) if width else None
        return SoftmaxAttentionState(kept, kept, (), recent)  # pyright: ignore

    def step(self, state: SoftmaxAttentionState, projection: Tensor) -> tuple[SoftmaxAttentionState, Tensor]:
        outputs, state = self.unroll_plain(projection[:, None], state)
        return state, outputs[:, 0]

    def unroll_plain(
        self, projections: Tensor, state: Any = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Chunks of steps at once, of which each reads what came before in the window."""
        batch, time, _ = projections.shape
        state = self.initial_state(batch) if state is None else state
        valid = None if lengths is None else running(lengths, time)
        recent = state.recent
        if self.convolution is not None and recent is not None:
            # What stands behind a sequence's end may be no number.
            projections = projections if valid is None else torch.where(valid[..., None], projections, 0)
            projections, recent = convolve(self.convolution, recent, projections, lengths)
        outputs, chunk = [], max(self.options.window, SHORTEST_CHUNK)
        for start in range(0, time, chunk):
            here = slice(start, start + chunk)
            runs = None if valid is None else valid[:, here]
            state, output = self._attend(projections[:, here], state, runs)
            outputs.append(output)
        keys, values, filled, _ = state
        return torch.cat(outputs, dim=1), SoftmaxAttentionState(keys, values, filled, recent)

    def _attend(
        self, projections: Tensor, before: SoftmaxAttentionState, valid: Tensor | None
    ) -> tuple[SoftmaxAttentionState, Tensor]:
        """All steps at once. An entry is a place of the given state or a step; `valid` steps come first."""
        (batch, time, _), window, device = projections.shape, self.options.window, projections.device
        key, value, query = projections.chunk(3, dim=2)
        keys, values = torch.cat([before.keys, key], 1), torch.cat([before.values, value], 1)
        places = torch.arange(window, device=device)
        written = torch.cat(
            [
                places >= window - before.filled[:, None],
                torch.ones(batch, time, dtype=torch.bool, device=device) if valid is None else valid,
            ],
            dim=1,
        )
        ages = torch.arange(window, window + time, device=device)[:, None] - torch.arange(
            window + time, device=device
        )
        # A step that does not run sees itself, because a softmax over nothing has no value.
        seen = ((ages >= 0) & (ages < window) & written[:, None]) | (ages == 0)
        outputs = self._read(query, keys, values, seen)
        counts = torch.full((batch,), time, device=device) if valid is None else valid.sum(1)
        kept = (counts[:, None] + places)[..., None]
        filled = (before.filled.clamp(min=0) + counts).clamp(max=window)
        filled = torch.where(counts > 0, filled, before.filled)
        keys, values = keys.take_along_dim(kept, 1), values.take_along_dim(kept, 1)
        last = SoftmaxAttentionState(keys, values, filled, before.recent)
        return last, outputs if valid is None else torch.where(valid[..., None], outputs, 0)

    def _read(self, query: Tensor, keys: Tensor, values: Tensor, seen: Tensor) -> Tensor:
        """W_o y of each query (N, time, hidden) over the entries that it sees."""
        query, keys, values = (
            x.view(*x.shape[:2], self.options.heads, -1).transpose(1, 2) for x in (query, keys, values)
        )
        scores = (query @ keys.mT) * query.shape[-1] ** -0.5
        weights = scores.masked_fill(~seen[:, None], -torch.inf).softmax(-1)
        # 0 · NaN is NaN: what is not seen must not come out, and what is must.
        finite = values.isfinite().all(-1, keepdim=True)
        answers = weights @ values.masked_fill(~finite, 0)
        spoiled = (seen[:, None] & ~finite.mT).any(-1, keepdim=True)
        answers = answers.masked_fill(spoiled, torch.nan)
        return answers.transpose(1, 2).flatten(2) @ self.output.T


class SoftmaxAttention(Recurrent):
    """[k; v; q](t) = W x(t),  y(t) = Σ_τ softmax_τ(q(t)ᵀ k(τ) / √d) v(τ),  h(t) = W_o y(t),

    with τ from t − window + 1 to t, or from the first step; each head has d = hidden / heads of the units.
    There are no positions. A convolution first mixes W x over the latest steps. W and W_o have no
    biases and are uniform in ± 1/√inputs, as the convolution is. hx is
    `SoftmaxAttentionState(keys, values, filled, recent)`.

    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1 and section 3.2.2.
    """

    cell_class = SoftmaxAttentionCell
