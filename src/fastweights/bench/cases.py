"""What is measured: one model, its sizes, and what every contender is handed. Needs no JAX."""

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fastweights.errors import check, to_python_numbers

EMBEDDING_SIZE, READOUT_SIZE, NUM_SYMBOLS, NUM_CLASSES = 100, 100, 37, 10
DECAY, WRITE_RATE = 0.9, 0.5
LEARNING_RATE, CLIP_NORM = 1.25e-3, 5.0


@dataclass(frozen=True)
class Case:
    """One update of this model at these sizes, for `runs` runs side by side.

    Raises: InvalidValueError if a size is out of range.
    """

    model: str
    hidden_size: int
    num_pairs: int = 4
    batch_size: int = 128
    runs: int = 1

    def __post_init__(self) -> None:
        to_python_numbers(self)
        for name, most in {
            "hidden_size": 10_000,
            "num_pairs": 26,
            "batch_size": 65_536,
            "runs": 1024,
        }.items():
            value = getattr(self, name)
            check(1 <= value <= most, f"{name} must be between 1 and {most:,}; got {value}")

    @property
    def length(self) -> int:
        """T = 2 K + 3."""
        return 2 * self.num_pairs + 3

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of numbers and strings; `Case(**…)` undoes it."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        sizes = f"{self.model} R={self.hidden_size} K={self.num_pairs} batch={self.batch_size}"
        return sizes if self.runs == 1 else f"{sizes} runs={self.runs}"


class Material(NamedTuple):
    """The training set, and the weights before the first update under the names of our checkpoints."""

    inputs: Int[np.ndarray, "sequences time"]
    targets: Int[np.ndarray, " sequences"]
    weights: dict[str, Float[np.ndarray, "..."]]
