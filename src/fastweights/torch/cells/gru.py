"""The gated recurrent unit."""

from typing import Any

import torch
from torch import Tensor, nn

from fastweights.cells.options.gru import GRUOptions
from fastweights.torch.cell import Cell
from fastweights.torch.layers import uniform_
from fastweights.torch.recurrent import Recurrent
from fastweights.torch.states import HiddenState


class GRUCell(Cell):
    """One step of `GRU`."""

    Options = GRUOptions
    State = HiddenState

    def make(self, place: dict[str, Any]) -> None:
        units, rows = self.hidden_size, 3 * self.hidden_size
        self.recurrent = nn.Parameter(torch.empty(rows, units, **place))
        self.input = nn.Parameter(torch.empty(rows, self.input_size, **place))
        self.bias = nn.Parameter(torch.empty(rows, **place))
        self.candidate_bias = nn.Parameter(torch.empty(units, **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        units = self.hidden_size
        for tensor in (self.recurrent, self.input, self.bias, self.candidate_bias):
            uniform_(tensor, units, generator)
        # Of r and z, b is a sum of PyTorch's two biases.
        others = torch.empty_like(self.bias[: 2 * units])
        uniform_(others, units, generator)
        with torch.no_grad():
            self.bias[: 2 * units] += others

    def state_shapes(self) -> HiddenState:
        return HiddenState((self.hidden_size,))  # pyright: ignore

    def project(self, input: Tensor) -> Tensor:
        return nn.functional.linear(input, self.input, self.bias)

    def step(self, state: HiddenState, projection: Tensor) -> tuple[HiddenState, Tensor]:
        sizes = [2 * self.hidden_size, self.hidden_size]
        of_gates, of_candidate = self.recurrent.split(sizes)
        gates, candidate = projection.split(sizes, dim=1)
        r, z = torch.sigmoid(torch.addmm(gates, state.hidden, of_gates.T)).chunk(2, dim=1)
        if self.options.reset_gate == "after":
            candidate = candidate + r * torch.addmm(self.candidate_bias, state.hidden, of_candidate.T)
        else:
            candidate = candidate + torch.addmm(self.candidate_bias, r * state.hidden, of_candidate.T)
        hidden = (1 - z) * torch.tanh(candidate) + z * state.hidden
        return HiddenState(hidden), hidden


class GRU(Recurrent):
    """r = σ(W_r h + C_r x + b_r),  z = σ(W_z h + C_z x + b_z),
    n = tanh(C_n x + b_n + r ⊙ (W_n h + d)),  h ← (1 − z) ⊙ n + z ⊙ h;
    with reset_gate "before", n = tanh(C_n x + b_n + W_n (r ⊙ h) + d).

    The first form and the initial weights are those of `torch.nn.GRU`, whose two biases of r and z are one
    here.

    Source: Cho et al. 2014, arXiv:1406.1078, equations 5 to 8.
    """

    cell_class = GRUCell
