"""Models: embedding, recurrent cell, read-out."""

from fastweights.models.classifier import ClassifierOptions, Embedding, Readout, SequenceClassifier
from fastweights.models.parameters import count_parameters, count_state, partition

__all__ = [
    "ClassifierOptions",
    "Embedding",
    "Readout",
    "SequenceClassifier",
    "count_parameters",
    "count_state",
    "partition",
]
