"""The Delta RNN and the Recurrent Delta Net, whose fast weights the delta rule writes."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.options.delta_nets import DeltaRNNOptions, RDNOptions
from fastweights.cells.options.heads import check_heads
from fastweights.torch.cell import Cell
from fastweights.torch.layers import uniform_
from fastweights.torch.memory.writes import Write, read, written
from fastweights.torch.recurrent import Recurrent


def _delta_rule(matrix: Tensor, key: Tensor, value: Tensor, rate: Tensor) -> Tensor:
    """W + σ(β) (v − W φ(k)) φ(k)ᵀ."""
    key = key.softmax(-1)
    return written(matrix, Write(torch.sigmoid(rate)[..., None] * key, value, lookup=key))


class DeltaRNNState(NamedTuple):
    """The fast weights from queries and those from the last answer, each (heads, size, size), and the answer
    y (heads, size)."""

    feedforward: Tensor
    recurrent: Tensor
    answer: Tensor


class DeltaRNNCell(Cell):
    """One step of `DeltaRNN`."""

    Options = DeltaRNNOptions
    State = DeltaRNNState

    def make(self, place: dict[str, Any]) -> None:
        units, heads = self.hidden_size, self.options.heads
        check_heads(units, heads)
        self.input = nn.Parameter(torch.empty(5 * units + 2 * heads, self.input_size, **place))
        self.output = nn.Parameter(torch.empty(units, units, **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.input, self.input_size, generator)
        uniform_(self.output, self.hidden_size, generator)

    def state_shapes(self) -> DeltaRNNState:
        heads, size = self.options.heads, self.hidden_size // self.options.heads
        return DeltaRNNState((heads, size, size), (heads, size, size), (heads, size))  # pyright: ignore

    def step(self, state: DeltaRNNState, projection: Tensor) -> tuple[DeltaRNNState, Tensor]:
        heads = self.options.heads
        vectors, rates = projection.split([5 * self.hidden_size, 2 * heads], dim=1)
        k, v, q, recurrent_k, recurrent_v = vectors.view(len(vectors), 5, heads, -1).unbind(1)
        rate, recurrent_rate = rates.view(len(rates), 2, heads).unbind(1)
        feedforward = _delta_rule(state.feedforward, k, v, rate)
        recurrent = _delta_rule(state.recurrent, recurrent_k, recurrent_v, recurrent_rate)
        answer = read(feedforward, q.softmax(-1)) + read(recurrent, state.answer.softmax(-1))
        return DeltaRNNState(feedforward, recurrent, answer), answer.flatten(1) @ self.output.T


class DeltaRNN(Recurrent):
    """[k; v; q; k'; v'; β; β'] = A x(t),
    W ← W + σ(β) (v − W φ(k)) φ(k)ᵀ,  R ← R + σ(β') (v' − R φ(k')) φ(k')ᵀ,
    y(t) = W φ(q) + R φ(y(t−1)),  h(t) = B y(t),  φ = softmax.

    A and B have no biases and are uniform in ± 1/√inputs. hx is `DeltaRNNState(feedforward, recurrent,
    answer)`.

    Source: Irie, Schlag, Csordás & Schmidhuber 2021, arXiv:2106.06295, section 3.
    """

    cell_class = DeltaRNNCell


class RDNState(NamedTuple):
    """The fast weights (heads, size, size) and their last answer y (heads, size)."""

    memory: Tensor
    answer: Tensor


class RDNCell(Cell):
    """One step of `RDN`."""

    Options = RDNOptions
    State = RDNState

    def make(self, place: dict[str, Any]) -> None:
        units, heads = self.hidden_size, self.options.heads
        check_heads(units, heads)
        size = units // heads
        self.input = nn.Parameter(torch.empty(heads * (3 * size + 1), self.input_size, **place))
        self.recurrent = nn.Parameter(torch.empty(heads, 3 * size + 1, size, **place))
        self.output = nn.Parameter(torch.empty(units, units, **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.input, self.input_size, generator)
        uniform_(self.output, self.hidden_size, generator)
        with torch.no_grad():
            self.recurrent.normal_(0, self.recurrent.shape[-1] ** -0.5, generator=generator)

    def state_shapes(self) -> RDNState:
        heads, size = self.options.heads, self.hidden_size // self.options.heads
        return RDNState((heads, size, size), (heads, size))  # pyright: ignore

    def step(self, state: RDNState, projection: Tensor) -> tuple[RDNState, Tensor]:
        heads, size = self.options.heads, self.hidden_size // self.options.heads
        summed = projection.view(len(projection), heads, -1) + read(self.recurrent, torch.tanh(state.answer))
        k, v, q, rate = summed.split([size, size, size, 1], dim=2)
        memory = _delta_rule(state.memory, k, v, rate[..., 0])
        answer = read(memory, q.softmax(-1))
        return RDNState(memory, answer), answer.flatten(1) @ self.output.T


class RDN(Recurrent):
    """[k; v; q; β] = A x(t) + R tanh(y(t−1)),
    W ← W + σ(β) (v − W φ(k)) φ(k)ᵀ,  y(t) = W φ(q),  h(t) = B y(t),  φ = softmax.

    A and B have no biases and are uniform in ± 1/√inputs; R is normal with the deviation 1/√d, for d units a
    head. hx is `RDNState(memory, answer)`.

    Source: Irie, Schlag, Csordás & Schmidhuber 2021, arXiv:2106.06295, section 3.
    """

    cell_class = RDNCell
