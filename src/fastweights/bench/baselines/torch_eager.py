"""PyTorch as it runs by itself, operation by operation."""

from fastweights.bench.baselines.torch_models import CELLS, classifier_for
from fastweights.bench.baselines.torch_trainer import TorchTrainer
from fastweights.bench.cases import Case, Inputs

MODELS = tuple(CELLS)


def prepare(case: Case, inputs: Inputs) -> TorchTrainer:
    """The model of `torch_models`."""
    classifier = classifier_for(case.model, inputs)
    return TorchTrainer(case, inputs, classifier, classifier)
