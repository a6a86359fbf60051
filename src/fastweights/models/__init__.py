"""Models: embedding or linear map, blocks of cells, read-out."""

from fastweights.models.base import Model
from fastweights.models.block import Block
from fastweights.models.classifier import SequenceClassifier
from fastweights.models.layers import ClassifierOptions, Embedding, Perceptron
from fastweights.models.parameters import count_parameters, count_state, decayed, partition
from fastweights.models.sequence_model import BlockOptions, SequenceModel

__all__ = [
    "Block",
    "BlockOptions",
    "ClassifierOptions",
    "Embedding",
    "Model",
    "Perceptron",
    "SequenceClassifier",
    "SequenceModel",
    "count_parameters",
    "count_state",
    "decayed",
    "partition",
]
