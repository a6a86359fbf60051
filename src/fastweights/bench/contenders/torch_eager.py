"""PyTorch as it runs by itself, operation by operation."""

from fastweights.bench.cases import Case, Material
from fastweights.bench.contenders.torch_models import written_out
from fastweights.bench.contenders.torch_trainer import TorchTrainer


def prepare(case: Case, material: Material) -> TorchTrainer:
    """The model of `torch_models`."""
    classifier = written_out(case.model, material.weights)
    return TorchTrainer(case, material, classifier, classifier)
