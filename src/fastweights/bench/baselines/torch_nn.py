"""PyTorch's own layers: `nn.LSTM` for the LSTM, `nn.RNN` for the simple cells."""

# pyright: reportMissingImports=false

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fastweights.bench.baselines.base import Weights
from fastweights.bench.baselines.torch_models import Classifier, Recurrence
from fastweights.bench.baselines.torch_trainer import TorchTrainer
from fastweights.bench.cases import EMBEDDING_SIZE, Case, Material


class Layer(Recurrence):
    """A layer with our weights; its second bias stays at zero, so that it is the same model.

    `order` takes our gates i, f, o, g to PyTorch's i, f, g, o, and back: it is its own inverse.
    """

    def __init__(self, layer: nn.RNNBase, order: list[int], weights: Weights) -> None:
        super().__init__()
        self.layer, self.order = layer, order
        self.named = {
            "cell.recurrent": layer.get_parameter("weight_hh_l0"),
            "cell.input": layer.get_parameter("weight_ih_l0"),
            "cell.bias": layer.get_parameter("bias_ih_l0"),
        }
        unused = layer.get_parameter("bias_hh_l0").requires_grad_(False)
        with torch.no_grad():
            unused.zero_()
            for name, parameter in self.named.items():
                parameter.copy_(torch.tensor(self._reordered(weights[name])))

    def last_state(self, table: Tensor, tokens: Tensor) -> Tensor:
        return self.layer(functional.embedding(tokens, table))[0][-1]

    def weights(self) -> Weights:
        return {name: self._reordered(each.detach().numpy()) for name, each in self.named.items()}

    def _reordered(self, rows: np.ndarray) -> np.ndarray:
        blocks = np.split(rows, len(self.order))
        return np.concatenate([blocks[i] for i in self.order])


def prepare(case: Case, material: Material) -> TorchTrainer:
    """The classifier around the layer."""
    sizes = EMBEDDING_SIZE, case.hidden_size
    if case.model == "lstm":
        cell = Layer(nn.LSTM(*sizes), [0, 1, 3, 2], material.weights)
    else:
        kind = "relu" if case.model == "irnn" else "tanh"
        cell = Layer(nn.RNN(*sizes, nonlinearity=kind), [0], material.weights)
    classifier = Classifier(cell, material.weights)
    return TorchTrainer(case, material, classifier, classifier)
