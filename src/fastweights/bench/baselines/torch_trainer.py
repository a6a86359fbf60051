"""PyTorch, forward operation by operation or through `torch.compile`; Adam in its fused form.

Clipping and Adam are never compiled.
"""

# pyright: reportMissingImports=false

from collections.abc import Callable

import numpy as np
import torch

from fastweights.bench.baselines.base import LoopedTrainer
from fastweights.bench.baselines.torch_models import CELLS, TorchClassifier
from fastweights.bench.cases import TRAINING, Case, Inputs, Weights

MODELS = tuple(CELLS)


class TorchTrainer(LoopedTrainer):
    """Trains `classifier`; `loss` is the classifier itself, or what a compiler made of it."""

    def __init__(self, case: Case, inputs: Inputs, classifier: TorchClassifier, loss: Callable) -> None:
        super().__init__(case, inputs)
        torch.set_num_threads(1)
        self._classifier, self._loss = classifier, loss
        self._trained = [parameter for parameter in classifier.parameters() if parameter.requires_grad]
        self._optimiser = torch.optim.Adam(self._trained, TRAINING.learning_rate, fused=True)

    def update(self, tokens: np.ndarray, targets: np.ndarray) -> None:
        loss = self._loss(torch.from_numpy(tokens.T).long(), torch.from_numpy(targets).long())
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._trained, TRAINING.clip_norm)
        self._optimiser.step()

    def weights(self) -> Weights:
        return self._classifier.weights()


def prepare_eager(case: Case, inputs: Inputs) -> TorchTrainer:
    """The model of `torch_models`, operation by operation."""
    classifier = TorchClassifier(CELLS[case.model](inputs), inputs.weights)
    return TorchTrainer(case, inputs, classifier, classifier)


def prepare_compiled(case: Case, inputs: Inputs) -> TorchTrainer:
    """The model of `torch_models`, compiled at the first update."""
    classifier = TorchClassifier(CELLS[case.model](inputs), inputs.weights)
    return TorchTrainer(case, inputs, classifier, torch.compile(classifier))
