"""PyTorch, each recurrence written out in Python, forward operation by operation or through `torch.compile`;
Adam in its fused form. Clipping and Adam are never compiled.

Projections are computed once for each symbol and then looked up, which is up to twice as fast (compiled) as
once for each token. Fast weights attend to the past states (equation 4) by a product and a sum over a
stack of them. Measured at batch 128 and K = 4, eager: 5, 7 and 9 ms at R = 20, 50 and 100; the same by
`bmm` 7, 9 and 14; the matrix A by `baddbmm` and `bmm` 8, 27 and 100, by `einsum` 10, 34 and 131.
Compiled the order is the same. So this is the baseline at every size.
"""

# pyright: reportMissingImports=false

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fastweights.bench.baselines.base import LoopedTrainer
from fastweights.bench.cases import TRAINING, Case, Inputs, Weights

Parameters = dict[str, nn.Parameter]
"""Under our checkpoints' names and in their layout."""


def _simple(activation: Callable[[Tensor], Tensor], projections: Tensor, w: Parameters, _: object) -> Tensor:
    """h(t) = f(W h(t−1) + C x(t) + b)."""
    hidden = projections.new_zeros(projections.shape[1:])
    for projection in projections:
        hidden = activation(torch.addmm(projection, hidden, w["cell.recurrent"].T))
    return hidden


def _lstm(projections: Tensor, w: Parameters, _: object) -> Tensor:
    """The LSTM, gates in our order: i, f, o, g."""
    hidden = cell = projections.new_zeros(projections.shape[1], w["cell.recurrent"].shape[1])
    for projection in projections:
        gates = torch.addmm(projection, hidden, w["cell.recurrent"].T)
        input_gate, forget_gate, output_gate, candidate = gates.chunk(4, dim=1)
        cell = torch.sigmoid(forget_gate) * cell + torch.sigmoid(input_gate) * torch.tanh(candidate)
        hidden = torch.sigmoid(output_gate) * torch.tanh(cell)
    return hidden


def _fast_weights(projections: Tensor, w: Parameters, options: Mapping[str, Any]) -> Tensor:
    """Equation 5 with S = 1, the memory read as in equation 4."""
    gain, bias = w["cell.norms.gains"][0], w["cell.norms.biases"][0]
    hidden = projections.new_zeros(projections.shape[1:])
    past: list[Tensor] = []
    for projection in projections:
        total = torch.addmm(projection, hidden, w["cell.recurrent"].T)
        if past:
            states = torch.stack(past)
            ages = torch.arange(len(past) - 1, -1, -1)
            rates = options["write_rate"] * options["decay"] ** ages
            matches = (states * torch.relu(total)).sum(dim=2) * rates.unsqueeze(1)
            total = total + (states * matches.unsqueeze(2)).sum(dim=0)
        hidden = torch.relu(functional.layer_norm(total, total.shape[1:], gain, bias))
        past.append(hidden)
    return hidden


_CELLS = {
    "standard-rnn": partial(_simple, torch.tanh),
    "irnn": partial(_simple, torch.relu),
    "lstm": _lstm,
    "fast-weights": _fast_weights,
}
MODELS = tuple(_CELLS)


class TorchTrainer(LoopedTrainer):
    """Trains parameters by a loss of tokens (time, batch) and targets."""

    def __init__(
        self, case: Case, inputs: Inputs, parameters: Parameters, loss: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        super().__init__(case, inputs)
        torch.set_num_threads(1)
        self._parameters, self._loss = parameters, loss
        self._optimiser = torch.optim.Adam(parameters.values(), TRAINING.learning_rate, fused=True)

    def update(self, tokens: np.ndarray, targets: np.ndarray) -> None:
        loss = self._loss(torch.from_numpy(tokens.T).long(), torch.from_numpy(targets).long())
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), TRAINING.clip_norm)
        self._optimiser.step()

    def weights(self) -> Weights:
        return {name: value.detach().numpy().copy() for name, value in self._parameters.items()}


def parameters_of(weights: Weights) -> Parameters:
    """Copies that can be trained."""
    return {name: nn.Parameter(torch.tensor(array)) for name, array in weights.items()}


def cross_entropy(hidden: Tensor, w: Parameters, targets: Tensor) -> Tensor:
    """Of the softmax after a hidden layer of ReLUs on the last state (batch, R)."""
    units = torch.relu(functional.linear(hidden, w["readout.hidden.0"], w["readout.hidden.1"]))
    logits = functional.linear(units, w["readout.output.0"], w["readout.output.1"])
    return functional.cross_entropy(logits, targets)


def prepare_eager(
    case: Case, inputs: Inputs, compiled: Callable[[Callable], Callable] = lambda loss: loss
) -> TorchTrainer:
    """The model operation by operation."""
    w, unroll = parameters_of(inputs.weights), _CELLS[case.model]

    def loss(tokens: Tensor, targets: Tensor) -> Tensor:
        table = functional.linear(w["embedding.table"].T, w["cell.input"], w.get("cell.bias"))
        return cross_entropy(unroll(functional.embedding(tokens, table), w, inputs.options), w, targets)

    return TorchTrainer(case, inputs, w, compiled(loss))


def prepare_compiled(case: Case, inputs: Inputs) -> TorchTrainer:
    """The same model, compiled at the first update."""
    return prepare_eager(case, inputs, torch.compile)
