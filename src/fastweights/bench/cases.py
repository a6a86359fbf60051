"""What is measured: one model, its sizes, and what every baseline is given. Needs no JAX."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fastweights.errors import check_between, to_python_numbers
from fastweights.report.labels import model_label
from fastweights.training.options import TrainingOptions

TRAINING = TrainingOptions(learning_rate=1.25e-3, schedule="constant", clip_norm=5.0)
"""Every update that is measured: Adam at this rate, with gradients of at most this norm."""

DEFAULT_TASK = "associative-retrieval"
MAX_SIZES = {"hidden_size": 10_000, "num_pairs": 26, "batch_size": 65_536, "runs": 1024}

Weights = dict[str, Float[np.ndarray, "..."]]
"""The trained arrays under the names and in the layout of our checkpoints: `cell.recurrent`, …"""


@dataclass(frozen=True)
class Case:
    """One update of this model at these sizes, for `runs` runs side by side.

    The number of pairs is the task's if that is one of its options.
    Raises: InvalidValueError if a size is out of range.
    """

    model: str
    hidden_size: int
    num_pairs: int = 4
    batch_size: int = 128
    runs: int = 1
    task: str = DEFAULT_TASK
    options: Any = ()
    """Of the task, by name; those that are left out have their defaults."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        object.__setattr__(self, "options", tuple(sorted(dict(self.options).items())))
        for name, largest in MAX_SIZES.items():
            check_between(name, getattr(self, name), 1, largest)

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of numbers and strings; `Case(**…)` undoes it. Without the default task, and
        without options if there are none."""
        values = {**vars(self), "options": dict(self.options)}
        left_out = {"task": DEFAULT_TASK, "options": {}}
        return {name: value for name, value in values.items() if value != left_out.get(name)}

    def __str__(self) -> str:
        name = f"K = {self.num_pairs}" if self.task == DEFAULT_TASK else self.task
        task = ", ".join([name, *(f"{option} {value}" for option, value in self.options)])
        sizes = f"{model_label(self.model)}, R = {self.hidden_size}, {task}, batch {self.batch_size}"
        return sizes if self.runs == 1 else f"{sizes}, {self.runs} runs"


class Inputs(NamedTuple):
    """The training set, the weights before the first update, and the options of the library's cell."""

    tokens: Int[np.ndarray, "sequences time"]
    targets: Int[np.ndarray, " sequences"]
    weights: Weights
    options: dict[str, Any]
