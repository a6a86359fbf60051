"""Long short-term memory."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.options.lstm import LSTMOptions
from fastweights.native.sizes import LONGEST_TAPE, lstm_tape_size
from fastweights.torch.cell import Cell
from fastweights.torch.kernels import Kernel
from fastweights.torch.layers import fill_, layer_norm, uniform_
from fastweights.torch.recurrent import Recurrent


class LSTMState(NamedTuple):
    """The constant error carousel and the output, each (hidden,)."""

    cell: Tensor
    hidden: Tensor


class LSTMCell(Cell):
    """One step of `LSTM`."""

    Options = LSTMOptions
    State = LSTMState

    def make(self, place: dict[str, Any]) -> None:
        units, rows = self.hidden_size, 4 * self.hidden_size
        self.recurrent = nn.Parameter(torch.empty(rows, units, **place))
        self.input = nn.Parameter(torch.empty(rows, self.input_size, **place))
        self.bias = nn.Parameter(torch.empty(rows, **place))
        norm = self.options.layer_norm
        self.gain = nn.Parameter(torch.empty(rows, **place)) if norm else None
        self.cell_gain = nn.Parameter(torch.empty(units, **place)) if norm else None
        self.cell_bias = nn.Parameter(torch.empty(units, **place)) if norm else None

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        units = self.hidden_size
        uniform_(self.recurrent, units, generator)
        uniform_(self.input, units, generator, self.options.input_scale)
        fill_(self.bias, 0.0)
        fill_(self.bias[units : 2 * units], self.options.forget_bias)
        for tensor, value in ((self.gain, 1.0), (self.cell_gain, 1.0), (self.cell_bias, 0.0)):
            if tensor is not None:
                fill_(tensor, value)

    def state_shapes(self) -> LSTMState:
        return LSTMState((self.hidden_size,), (self.hidden_size,))  # pyright: ignore

    def project(self, input: Tensor) -> Tensor:
        # Under layer normalisation the bias comes after it.
        return nn.functional.linear(input, self.input, self.bias if self.gain is None else None)

    def step(self, state: LSTMState, projection: Tensor) -> tuple[LSTMState, Tensor]:
        gates = torch.addmm(projection, state.hidden, self.recurrent.T).chunk(4, dim=1)
        if self.gain is not None:
            norms = zip(gates, self.gain.chunk(4), self.bias.chunk(4), strict=True)
            gates = [layer_norm(*block) for block in norms]
        i, f, o, g = gates
        cell = torch.sigmoid(f) * state.cell + torch.sigmoid(i) * torch.tanh(g)
        exposed = cell
        if self.cell_gain is not None and self.cell_bias is not None:
            exposed = layer_norm(cell, self.cell_gain, self.cell_bias)
        hidden = torch.sigmoid(o) * torch.tanh(exposed)
        return LSTMState(cell, hidden), hidden

    def kernel(self, length: int) -> Kernel | None:
        if length > LONGEST_TAPE:
            return None
        units = self.hidden_size
        gains = biases = self.recurrent[:0]
        if self.gain is not None and self.cell_gain is not None and self.cell_bias is not None:
            gains = torch.cat([self.gain, self.cell_gain]).view(-1, units)
            biases = torch.cat([self.bias, self.cell_bias]).view(-1, units)
        tape_size = lstm_tape_size(length, units, len(gains))
        return Kernel("Lstm", [self.recurrent, gains, biases], 2 * units, tape_size)


class LSTM(Recurrent):
    """[i; f; o; g] = W h(t−1) + C x(t) + b,  c(t) = σ(f) c(t−1) + σ(i) tanh(g),  h(t) = σ(o) tanh(c(t)).

    W and C are uniform in ± 1/√R; b = 0 except the forget gate's, `forget_bias`. With `layer_norm` each of
    the four blocks is normalised before b is added, and h(t) = σ(o) tanh(LN[c(t)]). hx is `LSTMState(cell,
    hidden)`. The gates of `torch.nn.LSTM` are in the order i, f, g, o: `from_torch` and `to_torch` convert.

    Source: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000.
    """

    cell_class = LSTMCell
