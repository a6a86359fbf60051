"""The models in PyTorch, each recurrence written out in Python.

Projections are computed once for each symbol and then looked up, which is up to twice as fast (compiled) as
once for each token. Fast weights attend to the past states (equation 4) by a product and a sum over a
stack of them. Measured at batch 128 and K = 4, eager: 5, 7 and 9 ms at R = 20, 50 and 100; the same by
`bmm` 7, 9 and 14; the matrix A by `baddbmm` and `bmm` 8, 27 and 100, by `einsum` 10, 34 and 131.
Compiled the order is the same. So this is the baseline at every size.
"""

# pyright: reportMissingImports=false

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from fastweights.bench.cases import Inputs, Weights


class Recurrence(nn.Module):
    """What stands between the symbols' vectors and the read-out."""

    def last_state(self, table: Tensor, tokens: Tensor) -> Tensor:
        """h(T) (batch, R) for the tokens (time, batch) and the symbols' vectors (symbols, input)."""
        raise NotImplementedError

    def weights(self) -> Weights:
        """Under our checkpoints' names."""
        raise NotImplementedError


class TorchCell(Recurrence):
    """A recurrence written out, with our cells' weights: W, C and, but for fast weights, b."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__()
        weights = inputs.weights
        self.recurrent = _parameter(weights["cell.recurrent"])
        self.input = _parameter(weights["cell.input"])
        self.bias = _parameter(weights["cell.bias"]) if "cell.bias" in weights else None

    def last_state(self, table: Tensor, tokens: Tensor) -> Tensor:
        return self.unroll(functional.embedding(tokens, functional.linear(table, self.input, self.bias)))

    def unroll(self, projections: Tensor) -> Tensor:
        """h(T) for the projections (time, batch, rows)."""
        raise NotImplementedError

    def weights(self) -> Weights:
        named = {"recurrent": self.recurrent, "input": self.input, "bias": self.bias}
        return {f"cell.{name}": _array(value) for name, value in named.items() if value is not None}


class TorchSimpleCell(TorchCell):
    """h(t) = f(W h(t−1) + C x(t) + b)."""

    def __init__(self, activation: Callable[[Tensor], Tensor], inputs: Inputs) -> None:
        super().__init__(inputs)
        self.activation = activation

    def unroll(self, projections: Tensor) -> Tensor:
        hidden = projections.new_zeros(projections.shape[1:])
        for projection in projections:
            hidden = self.activation(torch.addmm(projection, hidden, self.recurrent.T))
        return hidden


class TorchLSTM(TorchCell):
    """The LSTM, gates in our order: i, f, o, g."""

    def unroll(self, projections: Tensor) -> Tensor:
        hidden = cell = projections.new_zeros(projections.shape[1], self.recurrent.shape[1])
        for projection in projections:
            gates = torch.addmm(projection, hidden, self.recurrent.T)
            input_gate, forget_gate, output_gate, candidate = gates.chunk(4, dim=1)
            cell = torch.sigmoid(forget_gate) * cell + torch.sigmoid(input_gate) * torch.tanh(candidate)
            hidden = torch.sigmoid(output_gate) * torch.tanh(cell)
        return hidden


class TorchFastWeights(TorchCell):
    """Equation 5 with S = 1, the memory read as in equation 4."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs)
        self.gain = _parameter(inputs.weights["cell.norms.gains"][0, :, 0])
        self.norm_bias = _parameter(inputs.weights["cell.norms.biases"][0, :, 0])
        self.decay, self.write_rate = inputs.options["decay"], inputs.options["write_rate"]

    def unroll(self, projections: Tensor) -> Tensor:
        hidden = projections.new_zeros(projections.shape[1:])
        past: list[Tensor] = []
        for projection in projections:
            total = torch.addmm(projection, hidden, self.recurrent.T)
            if past:
                states = torch.stack(past)
                ages = torch.arange(len(past) - 1, -1, -1)
                rates = self.write_rate * self.decay**ages
                matches = (states * torch.relu(total)).sum(dim=2) * rates.unsqueeze(1)
                total = total + (states * matches.unsqueeze(2)).sum(dim=0)
            hidden = torch.relu(functional.layer_norm(total, total.shape[1:], self.gain, self.norm_bias))
            past.append(hidden)
        return hidden

    def weights(self) -> Weights:
        norms = {"gains": self.gain, "biases": self.norm_bias}
        return super().weights() | {
            f"cell.norms.{name}": _array(value)[None, :, None] for name, value in norms.items()
        }


CELLS: dict[str, Callable[[Inputs], TorchCell]] = {
    "standard-rnn": partial(TorchSimpleCell, torch.tanh),
    "irnn": partial(TorchSimpleCell, torch.relu),
    "lstm": TorchLSTM,
    "fast-weights": TorchFastWeights,
}


class TorchClassifier(nn.Module):
    """Embedding, cell, a hidden layer of ReLUs on the last state, and the cross-entropy of its softmax."""

    def __init__(self, cell: Recurrence, weights: Weights) -> None:
        super().__init__()
        self.cell = cell
        size, num_symbols = weights["embedding.table"].shape
        self.embedding = nn.Embedding(num_symbols, size)
        self.embedding.weight = _parameter(weights["embedding.table"].T)
        self.hidden, self.output = (_linear(weights, f"readout.{name}") for name in ("hidden", "output"))

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        hidden = self.cell.last_state(self.embedding.weight, tokens)
        logits = self.output(torch.relu(self.hidden(hidden)))
        return functional.cross_entropy(logits, targets)

    def weights(self) -> Weights:
        """Under our checkpoints' names."""
        layers = {"hidden": self.hidden, "output": self.output}
        return {
            "embedding.table": _array(self.embedding.weight).T,
            **self.cell.weights(),
            **{f"readout.{name}.0": _array(layer.weight) for name, layer in layers.items()},
            **{f"readout.{name}.1": _array(layer.bias) for name, layer in layers.items()},
        }


def _linear(weights: Weights, name: str) -> nn.Linear:
    layer = nn.Linear(*weights[f"{name}.0"].shape[::-1])
    layer.weight, layer.bias = (_parameter(weights[f"{name}.{i}"]) for i in range(2))
    return layer


def _parameter(array) -> nn.Parameter:
    return nn.Parameter(torch.tensor(array))


def _array(tensor: Tensor):
    return tensor.detach().numpy().copy()
