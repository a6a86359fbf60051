"""The options of a classifier."""

from dataclasses import dataclass
from typing import Literal

from fastweights.errors import MAX_SCALE, check_between, check_choice, check_positive, to_python_numbers


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
