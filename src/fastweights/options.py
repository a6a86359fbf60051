"""What models can be told. This module imports no JAX: every form of a model reads the same classes."""

from dataclasses import dataclass
from typing import Literal, get_args

from fastweights.errors import MAX_SCALE, check_between, check_choice, check_positive, to_python_numbers

Norm = Literal["none", "layer", "rms"]
"""Layer normalisation (Ba, Kiros & Hinton 2016), RMS normalisation (Zhang & Sennrich 2019), or none."""


@dataclass(frozen=True)
class ClassifierOptions:
    """What stands before and after the cell."""

    embedding: Literal["direct", "expanded", "one-hot"] = "direct"
    """A vector for each symbol, one of 50 numbers expanded by a linear map (the paper's), or one-hot."""

    embedding_init: Literal["normal", "uniform"] = "normal"
    """Embeddings are drawn from N(0, embedding_scale²) or uniformly from ± embedding_scale / √size."""

    embedding_scale: float = 1.0
    """See embedding_init."""

    readout_size: int = 100
    """The number of ReLUs between the last state and the softmax; 0 for none."""

    softmax: Literal["classes", "symbols"] = "classes"
    """A softmax over the classes alone, or padded to as many outputs as there are symbols."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_choice("embedding", self.embedding, ("direct", "expanded", "one-hot"))
        check_choice("embedding_init", self.embedding_init, ("normal", "uniform"))
        check_positive("embedding_scale", self.embedding_scale)
        check_between("embedding_scale", self.embedding_scale, 0, MAX_SCALE)
        check_between("readout_size", self.readout_size, 0, 10_000)
        check_choice("softmax", self.softmax, ("classes", "symbols"))


@dataclass(frozen=True)
class BlockOptions:
    """How many layers a model has, and what stands around each cell."""

    layers: int = 1
    """The number of cells, one after the other."""

    block_norm: Norm = "none"
    """Normalisation before each cell, each perceptron and the read-out: none, layer or rms."""

    residual: bool = False
    """Add a cell's inputs to its outputs."""

    perceptron_size: int = 0
    """The number of ReLUs after each cell, h + V relu(U norm(h) + u) + v; 0 for none."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("layers", self.layers, 1, 100)
        check_choice("block_norm", self.block_norm, get_args(Norm))
        check_between("perceptron_size", self.perceptron_size, 0, 10_000)
