"""The LSTM with a matrix as its memory."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.programmers.parts import Parts, gated_rows
from fastweights.cells.programmers.published import MLSTMOptions
from fastweights.torch.layers import fill_
from fastweights.torch.memory.writes import Write
from fastweights.torch.programmers.cell import ProgrammerCell, in_heads
from fastweights.torch.recurrent import Recurrent
from fastweights.torch.states import running

# Where e^{−m} is larger, what is read is nothing; the exponential of single precision ends at e⁸⁸.
_MOST = 80.0


class MLSTMState(NamedTuple):
    """The memories with their normalisers, C above nᵀ (heads, value + 1, key), the latest projections as in
    `ProgrammerState`, and the stabiliser m of each head, (heads,)."""

    memory: Tensor
    recent: Tensor | None
    stabiliser: Tensor


class MLSTMCell(ProgrammerCell):
    """One step of `MLSTM`."""

    Options = MLSTMOptions
    State = MLSTMState

    def make(self, place: dict[str, Any]) -> None:
        super().make(place)
        self.input_gate_bias = nn.Parameter(torch.empty(self.options.heads, **place))
        self.forget_gate_bias = nn.Parameter(torch.empty(self.options.heads, **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        super().reset_parameters(generator)
        heads, before = self.options.heads, sum(self.rows()[:3])
        fill_(self.input[before : before + 2 * heads], 0.0)
        with torch.no_grad():
            self.input_gate_bias.normal_(0, 0.1, generator=generator)
        fill_(self.forget_gate_bias, torch.linspace(3.0, 6.0, heads))

    def memory_shape(self) -> tuple[int, int, int]:
        heads, values, units = super().memory_shape()
        return heads, values + 1, units

    def rows(self) -> Parts:
        return gated_rows(self.options, self.key_size, self.value_size, self.options.heads)

    def state_shapes(self) -> Any:
        return MLSTMState(*super().state_shapes(), (self.options.heads,))  # pyright: ignore

    def mixed(self, projections: Tensor, state: Any, lengths: Tensor | None) -> tuple[Tensor, Any]:
        """With log i′, log f′ and m behind them."""
        mixed, state = super().mixed(projections, state, lengths)
        before, heads = sum(self.rows()[:3]), self.options.heads
        write = mixed[..., before : before + heads] + self.input_gate_bias
        keep = mixed[..., before + heads : before + 2 * heads] + self.forget_gate_bias
        keep = nn.functional.logsigmoid(keep)
        own_write, own_keep = write, keep
        if lengths is not None:
            runs = running(lengths, mixed.shape[1])[..., None]
            own_write, own_keep = torch.where(runs, write, -torch.inf), torch.where(runs, keep, 0)
        every = _stabilisers(state.stabiliser, own_write, own_keep)
        now, kept = every[:, 1:], keep + every[:, :-1]
        mixed = torch.cat([mixed, write - now, kept - now, now], dim=-1)
        return mixed, self.State(*state[:2], every[:, -1])

    def vectors(self, mixed: Tensor) -> tuple[Tensor, Write]:
        heads, _, units = self.memory_shape()
        rows, write, keep, _ = self.cut(mixed)
        parts = self.parts(rows)
        query = self.to_query(in_heads(parts.query, heads, self.key_size))
        key = self.to_key(in_heads(parts.key, heads, self.key_size)) * units**-0.5
        value = nn.functional.pad(
            self.to_value(in_heads(parts.value, heads, self.value_size)), (0, 1), value=1.0
        )
        writes = Write(write.exp()[..., None] * key, value, keep.exp()[..., None])
        return query, writes.map(lambda array: array[:, :, None])

    def cut(self, mixed: Tensor) -> tuple[Tensor, ...]:
        """The projections, log i′, log f′ and m."""
        heads = self.options.heads
        return mixed.split([sum(self.rows()), heads, heads, heads], dim=-1)

    def answer(self, read: Tensor, mixed: Tensor) -> Tensor:
        rows, _, _, stabiliser = self.cut(mixed)
        least = (-stabiliser).clamp(max=_MOST).exp()[..., None]
        return super().answer(read[..., :-1] / torch.maximum(read[..., -1:].abs(), least), rows)


def _stabilisers(first: Tensor, write: Tensor, keep: Tensor) -> Tensor:
    """m(0), m(1), …: m(t) = max(keep + m(t−1), write), (N, times, heads).

    Such steps one after the other are one again, so that T steps take log T passes. A cumulative sum of
    `keep` would cancel over long sequences.
    """
    distance = 1
    while distance < write.shape[1]:
        joined = torch.maximum(write[:, distance:], keep[:, distance:] + write[:, :-distance])
        write = torch.cat([write[:, :distance], joined], dim=1)
        keep = torch.cat([keep[:, :distance], keep[:, distance:] + keep[:, :-distance]], dim=1)
        distance *= 2
    return torch.cat([first[:, None], torch.maximum(keep + first[:, None], write)], dim=1)


class MLSTM(Recurrent):
    """C(t) = f′ C(t−1) + i′ v kᵀ,  n(t) = f′ n(t−1) + i′ k,  y(t) = C(t) q / max(|n(t)ᵀ q|, e^{−m(t)}),
    i′ = exp(ĩ − m(t)),  f′ = σ(f̃) exp(m(t−1) − m(t)),  m(t) = max(log σ(f̃) + m(t−1), ĩ),
    ĩ = w_i x + b_i,  f̃ = w_f x + b_f,  k = W_k x / √d,  h(t) = W_o (σ(W_g x) ⊙ y).

    w_i and w_f are 0 at first, b_i is drawn from N(0, 0.1²), b_f goes from 3 to 6 over the heads; other
    matrices are uniform in ± 1/√inputs. hx is `MLSTMState(memory, recent, stabiliser)`, n being the memory's
    last row.

    Source: Beck et al. 2024, arXiv:2405.04517, equations 15–17 and 19–27.
    """

    cell_class = MLSTMCell
