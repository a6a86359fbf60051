"""The same PyTorch model through `torch.compile`, forward and backward; clipping and Adam stay eager."""

# pyright: reportMissingImports=false

import torch

from fastweights.bench.baselines.torch_models import CELLS, classifier_for
from fastweights.bench.baselines.torch_trainer import TorchTrainer
from fastweights.bench.cases import Case, Inputs

MODELS = tuple(CELLS)


def prepare(case: Case, inputs: Inputs) -> TorchTrainer:
    """The model of `torch_models`, compiled at the first update."""
    classifier = classifier_for(case.model, inputs)
    return TorchTrainer(case, inputs, classifier, torch.compile(classifier))
