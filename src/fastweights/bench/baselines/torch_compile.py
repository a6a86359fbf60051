"""The same PyTorch model through `torch.compile`, forward and backward; clipping and Adam stay eager."""

# pyright: reportMissingImports=false

import torch

from fastweights.bench.baselines.torch_models import written_out
from fastweights.bench.baselines.torch_trainer import TorchTrainer
from fastweights.bench.cases import Case, Material


def prepare(case: Case, material: Material) -> TorchTrainer:
    """The model of `torch_models`, compiled at the first update."""
    classifier = written_out(case.model, material.weights)
    return TorchTrainer(case, material, classifier, torch.compile(classifier))
