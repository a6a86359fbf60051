"""PyTorch's own layers: `nn.LSTM` for the LSTM, `nn.RNN` for the simple cells."""

# pyright: reportMissingImports=false

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fastweights.bench.baselines.torch_loop import TorchTrainer, cross_entropy, parameters_of
from fastweights.bench.cases import Case, Inputs, Weights

_LAYERS = {
    "standard-rnn": (nn.RNN, {"nonlinearity": "tanh"}),
    "irnn": (nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, {}),
}
MODELS = tuple(_LAYERS)


class TorchLayerTrainer(TorchTrainer):
    """The classifier around the layer."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        kind, arguments = _LAYERS[case.model]
        self._exchanged = kind is nn.LSTM
        parameters = parameters_of(self._reordered(inputs.weights))
        layer = kind(inputs.weights["cell.input"].shape[1], case.hidden_size, **arguments)
        layer.weight_hh_l0, layer.weight_ih_l0, layer.bias_ih_l0 = (
            parameters[f"cell.{name}"] for name in ("recurrent", "input", "bias")
        )
        # It stays at zero, so that this is the same model.
        layer.bias_hh_l0 = nn.Parameter(torch.zeros_like(layer.bias_ih_l0), requires_grad=False)

        def loss(tokens: Tensor, targets: Tensor) -> Tensor:
            outputs, _ = layer(functional.embedding(tokens, parameters["embedding.table"].T))
            return cross_entropy(outputs[-1], parameters, targets)

        super().__init__(case, inputs, parameters, loss)

    def weights(self) -> Weights:
        return self._reordered(super().weights())

    def _reordered(self, weights: Weights) -> Weights:
        """The LSTM's gates, i, f, o, g, in PyTorch's order, i, f, g, o, or back."""
        if not self._exchanged:
            return weights
        blocks = {name: np.split(array, 4) for name, array in weights.items() if name.startswith("cell.")}
        return weights | {name: np.concatenate([i, f, o, g]) for name, (i, f, g, o) in blocks.items()}
