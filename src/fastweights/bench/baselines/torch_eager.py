"""PyTorch as it runs by itself, operation by operation."""

from fastweights.bench.baselines.torch_models import written_out
from fastweights.bench.baselines.torch_trainer import TorchTrainer
from fastweights.bench.cases import Case, Material


def prepare(case: Case, material: Material) -> TorchTrainer:
    """The model of `torch_models`."""
    classifier = written_out(case.model, material.weights)
    return TorchTrainer(case, material, classifier, classifier)
