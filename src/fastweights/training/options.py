"""What a training run is told, besides model and task."""

from dataclasses import dataclass
from typing import Literal

from fastweights.errors import check, check_choice, check_positive


@dataclass(frozen=True)
class TrainingOptions:
    """Adam on mini-batches drawn with replacement.

    Raises: InvalidValueError if a number is outside its range.
    """

    updates: int = 5000
    """The number of parameter updates."""

    learning_rate: float = 1.25e-3
    """Adam's step size (at the start, if the schedule lowers it)."""

    schedule: Literal["constant", "cosine"] = "cosine"
    """Keep the learning rate, or lower it to 0 along half a cosine over all updates."""

    clip_norm: float = 5.0
    """Gradients are scaled down to at most this global norm; 0 for no clipping."""

    batch_size: int = 128
    """Sequences in a mini-batch."""

    evaluate_every: int = 500
    """Updates between two evaluations on the validation set, and between two checkpoints."""

    def __post_init__(self) -> None:
        check(self.updates >= 1, f"updates must be at least 1; got {self.updates}")
        check_positive("learning_rate", self.learning_rate)
        check_choice("schedule", self.schedule, ("constant", "cosine"))
        check_positive("clip_norm", self.clip_norm, zero=True)
        check(self.batch_size >= 1, f"batch_size must be at least 1; got {self.batch_size}")
        check(self.evaluate_every >= 1, f"evaluate_every must be at least 1; got {self.evaluate_every}")
