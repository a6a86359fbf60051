"""PyTorch's own layers: `nn.LSTM` for the LSTM, `nn.RNN` for the simple cells."""

# pyright: reportMissingImports=false

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fastweights.bench.baselines.torch_models import Recurrence, TorchClassifier
from fastweights.bench.baselines.torch_trainer import TorchTrainer
from fastweights.bench.cases import Case, Inputs, Weights

_LAYERS = {
    "standard-rnn": (nn.RNN, {"nonlinearity": "tanh"}, [0]),
    "irnn": (nn.RNN, {"nonlinearity": "relu"}, [0]),
    # Our gates are i, f, o, g; PyTorch's i, f, g, o.
    "lstm": (nn.LSTM, {}, [0, 1, 3, 2]),
}
MODELS = tuple(_LAYERS)


class TorchLayer(Recurrence):
    """A layer with our weights; its second bias stays at zero, so that it is the same model.

    `order` takes our gates to PyTorch's, and back: it is its own inverse.
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
        return {name: self._reordered(weight.detach().numpy()) for name, weight in self.named.items()}

    def _reordered(self, rows: np.ndarray) -> np.ndarray:
        blocks = np.split(rows, len(self.order))
        return np.concatenate([blocks[i] for i in self.order])


def prepare(case: Case, inputs: Inputs) -> TorchTrainer:
    """The classifier around the layer."""
    layer, arguments, order = _LAYERS[case.model]
    size = inputs.weights["cell.input"].shape[1]
    cell = TorchLayer(layer(size, case.hidden_size, **arguments), order, inputs.weights)
    classifier = TorchClassifier(cell, inputs.weights)
    return TorchTrainer(case, inputs, classifier, classifier)
