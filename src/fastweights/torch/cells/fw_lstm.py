"""The fast weight LSTM: a long short-term memory whose candidate looks up a fast memory of candidates."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.options.fw_lstm import FWLSTMOptions
from fastweights.torch.cell import Cell
from fastweights.torch.layers import fill_, layer_norm, uniform_
from fastweights.torch.memory.writes import Write, read, written
from fastweights.torch.recurrent import Recurrent


class FWLSTMState(NamedTuple):
    """The normalised cell and the output, each (hidden,), and the fast memory (hidden, hidden)."""

    cell: Tensor
    hidden: Tensor
    memory: Tensor


class FWLSTMCell(Cell):
    """One step of `FWLSTM`."""

    Options = FWLSTMOptions
    State = FWLSTMState

    decay: Tensor
    write_rate: Tensor

    def make(self, place: dict[str, Any]) -> None:
        units, rows = self.hidden_size, 4 * self.hidden_size
        self.recurrent = nn.Parameter(torch.empty(rows, units, **place))
        self.input = nn.Parameter(torch.empty(rows, self.input_size, **place))
        self.gain = nn.Parameter(torch.empty(rows, **place))
        self.bias = nn.Parameter(torch.empty(rows, **place))
        self.cell_gain = nn.Parameter(torch.empty(units, **place))
        self.cell_bias = nn.Parameter(torch.empty(units, **place))
        self.register_buffer("decay", torch.empty((), **place))
        self.register_buffer("write_rate", torch.empty((), **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        units, fan = self.hidden_size, self.hidden_size + self.input_size
        uniform_(self.recurrent, fan, generator, 2**0.5)
        uniform_(self.input, fan, generator, 2**0.5)
        for tensor, value in (
            (self.gain, 1.0),
            (self.bias, 0.0),
            (self.bias[units : 2 * units], self.options.forget_bias),
            (self.cell_gain, 1.0),
            (self.cell_bias, 0.0),
            (self.decay, self.options.decay),
            (self.write_rate, self.options.write_rate),
        ):
            fill_(tensor, value)

    def state_shapes(self) -> FWLSTMState:
        units = self.hidden_size
        return FWLSTMState((units,), (units,), (units, units))  # pyright: ignore

    def step(self, state: FWLSTMState, projection: Tensor) -> tuple[FWLSTMState, Tensor]:
        summed = layer_norm(torch.addmm(projection, state.hidden, self.recurrent.T), self.gain, self.bias)
        i, f, o, j = summed.chunk(4, dim=1)
        stored = torch.relu(j)
        memory = written(state.memory, Write(stored, self.write_rate * stored, self.decay[None]))
        candidate = torch.relu(j + read(memory, stored))
        cell = torch.sigmoid(f) * state.cell + torch.sigmoid(i) * candidate
        cell = layer_norm(cell, self.cell_gain, self.cell_bias)
        hidden = torch.sigmoid(o) * torch.relu(cell)
        return FWLSTMState(cell, hidden, memory), hidden


class FWLSTM(Recurrent):
    """[i; f; o; j] = LN[W h(t−1) + C x(t)],
    A(t) = λ A(t−1) + η relu(j) relu(j)ᵀ,  g = relu(j + A(t) relu(j)),
    c(t) = LN[σ(f) c(t−1) + σ(i) g],  h(t) = σ(o) relu(c(t)).

    W and C are uniform in ± √(2 / (R + inputs)), gains are 1 and biases 0, except the forget gate's. λ and η,
    `decay` and `write_rate`, are saved but not trained. hx is `FWLSTMState(cell, hidden, memory)`.

    Source: Keller, Sridhar & Wang 2018, arXiv:1804.06511; what was chosen, says the cell in JAX.
    """

    cell_class = FWLSTMCell
