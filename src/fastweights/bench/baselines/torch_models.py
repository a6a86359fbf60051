"""The models in PyTorch, each recurrence written out in Python.

Drives are computed once for each symbol and then looked up, which is up to twice as fast (compiled) as
once for each token. Fast weights attend to the past states (equation 4) by a product and a sum over a
stack of them. Measured at batch 128 and K = 4, eager: 5, 7 and 9 ms at R = 20, 50 and 100; the same by
`bmm` 7, 9 and 14; the matrix A by `baddbmm` and `bmm` 8, 27 and 100, by `einsum` 10, 34 and 131.
Compiled the order is the same. So this is the baseline at every size.
"""

# pyright: reportMissingImports=false

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from fastweights.bench.baselines.base import Weights
from fastweights.bench.cases import DECAY, EMBEDDING_SIZE, NUM_CLASSES, NUM_SYMBOLS, READOUT_SIZE, WRITE_RATE


class Recurrence(nn.Module):
    """What stands between the symbols' vectors and the read-out."""

    def last_state(self, table: Tensor, tokens: Tensor) -> Tensor:
        """h(T) (batch, R) for the tokens (time, batch) and the symbols' vectors (symbols, input)."""
        raise NotImplementedError

    def weights(self) -> Weights:
        """Under our checkpoints' names."""
        raise NotImplementedError


class Cell(Recurrence):
    """A recurrence written out, with our cells' weights: W, C and, but for fast weights, b."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
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


class SimpleCell(Cell):
    """h(t) = f(W h(t−1) + C x(t) + b)."""

    def __init__(self, weights: Weights, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__(weights)
        self.activation = activation

    def unroll(self, projections: Tensor) -> Tensor:
        hidden = projections.new_zeros(projections.shape[1:])
        for projection in projections:
            hidden = self.activation(torch.addmm(projection, hidden, self.recurrent.T))
        return hidden


class LSTMCell(Cell):
    """The LSTM, gates in our order: i, f, o, g."""

    def unroll(self, projections: Tensor) -> Tensor:
        hidden = cell = projections.new_zeros(projections.shape[1], self.recurrent.shape[1])
        for projection in projections:
            write, keep, show, candidate = torch.addmm(projection, hidden, self.recurrent.T).chunk(4, dim=1)
            cell = torch.sigmoid(keep) * cell + torch.sigmoid(write) * torch.tanh(candidate)
            hidden = torch.sigmoid(show) * torch.tanh(cell)
        return hidden


class FastWeightsCell(Cell):
    """Equation 5 with S = 1, the memory read as in equation 4."""

    def __init__(self, weights: Weights) -> None:
        super().__init__(weights)
        self.gain = _parameter(weights["cell.norms.gains"][0, :, 0])
        self.norm_bias = _parameter(weights["cell.norms.biases"][0, :, 0])

    def unroll(self, projections: Tensor) -> Tensor:
        hidden = projections.new_zeros(projections.shape[1:])
        past: list[Tensor] = []
        for projection in projections:
            total = torch.addmm(projection, hidden, self.recurrent.T)
            if past:
                states = torch.stack(past)
                ages = torch.arange(len(past) - 1, -1, -1)
                matches = (states * torch.relu(total)).sum(dim=2) * (WRITE_RATE * DECAY**ages).unsqueeze(1)
                total = total + (states * matches.unsqueeze(2)).sum(dim=0)
            hidden = torch.relu(functional.layer_norm(total, total.shape[1:], self.gain, self.norm_bias))
            past.append(hidden)
        return hidden

    def weights(self) -> Weights:
        norms = {"gains": self.gain, "biases": self.norm_bias}
        return super().weights() | {
            f"cell.norms.{name}": _array(value)[None, :, None] for name, value in norms.items()
        }


class Classifier(nn.Module):
    """Embedding, cell, a hidden layer of ReLUs on the last state, and the cross-entropy of its softmax."""

    def __init__(self, cell: Recurrence, weights: Weights) -> None:
        super().__init__()
        self.cell = cell
        self.embedding = nn.Embedding(NUM_SYMBOLS, EMBEDDING_SIZE)
        self.embedding.weight = _parameter(weights["embedding.table"].T)
        self.hidden = nn.Linear(weights["readout.hidden.0"].shape[1], READOUT_SIZE)
        self.output = nn.Linear(READOUT_SIZE, NUM_CLASSES)
        for layer, name in ((self.hidden, "hidden"), (self.output, "output")):
            layer.weight = _parameter(weights[f"readout.{name}.0"])
            layer.bias = _parameter(weights[f"readout.{name}.1"])

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


def written_out(model: str, weights: Weights) -> Classifier:
    """The classifier with a cell of this file."""
    cells: dict[str, Callable[[], Cell]] = {
        "standard-rnn": lambda: SimpleCell(weights, torch.tanh),
        "irnn": lambda: SimpleCell(weights, torch.relu),
        "lstm": lambda: LSTMCell(weights),
        "fast-weights": lambda: FastWeightsCell(weights),
    }
    return Classifier(cells[model](), weights)


def _parameter(array) -> nn.Parameter:
    return nn.Parameter(torch.tensor(array))


def _array(tensor: Tensor):
    return tensor.detach().numpy().copy()
