"""An update in PyTorch: forward, `backward`, clipping, and Adam in its fused form."""

# pyright: reportMissingImports=false

from collections.abc import Callable

import numpy as np
import torch

from fastweights.bench.baselines.base import LoopedTrainer, Weights
from fastweights.bench.baselines.torch_models import Classifier
from fastweights.bench.cases import CLIP_NORM, LEARNING_RATE, Case, Material


class TorchTrainer(LoopedTrainer):
    """Trains `classifier`; `loss` is the classifier itself, or what a compiler made of it."""

    def __init__(self, case: Case, material: Material, classifier: Classifier, loss: Callable) -> None:
        super().__init__(case, material)
        torch.set_num_threads(1)
        self._classifier, self._loss = classifier, loss
        self._trained = [each for each in classifier.parameters() if each.requires_grad]
        self._optimiser = torch.optim.Adam(self._trained, LEARNING_RATE, fused=True)

    def update(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        loss = self._loss(torch.from_numpy(inputs.T).long(), torch.from_numpy(targets).long())
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._trained, CLIP_NORM)
        self._optimiser.step()

    def weights(self) -> Weights:
        return self._classifier.weights()
