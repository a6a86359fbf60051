"""The standard RNN and the identity RNN: h(t) = f(W h(t−1) + C x(t) + b)."""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from fastweights.cells.options.simple import IRNNOptions, StandardRNNOptions
from fastweights.native.sizes import LONGEST_TAPE, Plan
from fastweights.torch.cell import Cell
from fastweights.torch.kernels import Kernel
from fastweights.torch.layers import fill_, identity_, layer_norm, uniform_
from fastweights.torch.recurrent import Recurrent
from fastweights.torch.states import HiddenState


class _SimpleCell(Cell):
    State = HiddenState
    activation: ClassVar[Literal["relu", "tanh"]]

    def make(self, place: dict[str, Any]) -> None:
        units = self.hidden_size
        self.recurrent = nn.Parameter(torch.empty(units, units, **place))
        self.input = nn.Parameter(torch.empty(units, self.input_size, **place))
        self.bias = nn.Parameter(torch.empty(units, **place))
        self.gain = nn.Parameter(torch.empty(units, **place)) if self.options.layer_norm else None

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.recurrent, self.hidden_size, generator)
        uniform_(self.input, self.hidden_size, generator, self.options.input_scale)
        fill_(self.bias, 0.0)
        if self.gain is not None:
            fill_(self.gain, 1.0)

    def state_shapes(self) -> HiddenState:
        return HiddenState((self.hidden_size,))  # pyright: ignore

    def project(self, input: Tensor) -> Tensor:
        # Under layer normalisation the bias comes after it.
        return nn.functional.linear(input, self.input, self.bias if self.gain is None else None)

    def step(self, state: HiddenState, projection: Tensor) -> tuple[HiddenState, Tensor]:
        summed = torch.addmm(projection, state.hidden, self.recurrent.T)
        if self.gain is not None:
            summed = layer_norm(summed, self.gain, self.bias)
        hidden = getattr(torch, self.activation)(summed)
        return HiddenState(hidden), hidden

    def kernel(self, length: int) -> Kernel | None:
        if length > LONGEST_TAPE:
            return None
        units, none = self.hidden_size, self.bias[None][:0]
        norms = (none, none) if self.gain is None else (self.gain[None], self.bias[None])
        # Attention that never looks back: h_0 is the state.
        plan = Plan(self.activation, -1 if self.gain is None else 0, (), (), True)
        operands = [self.recurrent, *norms, none[:, :0]]
        return Kernel("Attend", operands, units, plan.tape_size(length, units), plan.numbers(length))


class StandardRNNCell(_SimpleCell):
    """One step of `StandardRNN`."""

    Options = StandardRNNOptions
    activation = "tanh"


class StandardRNN(Recurrent):
    """h(t) = tanh(W h(t−1) + C x(t) + b); W and C uniform in ± 1/√R, b = 0.

    Source: Elman 1990, Cognitive Science 14:179–211.
    """

    cell_class = StandardRNNCell


class IRNNCell(_SimpleCell):
    """One step of `IRNN`."""

    Options = IRNNOptions
    activation = "relu"

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        super().reset_parameters(generator)
        identity_(self.recurrent, self.options.recurrent_scale)
        if self.options.recurrent_init == "positive-definite":
            drawn = torch.empty_like(self.recurrent).normal_(generator=generator)
            start = drawn.T @ drawn / self.hidden_size + torch.eye(self.hidden_size).to(drawn)
            start = start / torch.linalg.eigvalsh(start)[-1]
            fill_(self.recurrent, self.options.recurrent_scale * start)


class IRNN(Recurrent):
    """h(t) = relu(W h(t−1) + C x(t) + b); W = recurrent_scale · I, C uniform in ± 1/√R, b = 0.

    With recurrent_init="positive-definite" W is that of an np-RNN (Talathi & Vartak 2015, arXiv:1511.03771).

    Source: Le, Jaitly & Hinton 2015, arXiv:1504.00941.
    """

    cell_class = IRNNCell
