"""Models: embedding, recurrent cell, read-out."""

from fastweights.models.classifier import SequenceClassifier
from fastweights.models.embedding import Embedding
from fastweights.models.options import ClassifierOptions
from fastweights.models.parameters import count_parameters, count_state, partition
from fastweights.models.readout import Readout

__all__ = [
    "ClassifierOptions",
    "Embedding",
    "Readout",
    "SequenceClassifier",
    "count_parameters",
    "count_state",
    "partition",
]
