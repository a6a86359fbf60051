"""The options of training: budget, optimiser, mini-batches, evaluation."""

from dataclasses import dataclass, field
from typing import Literal

from fastweights.errors import (
    LATER,
    MAX_SCALE,
    MAX_UPDATES,
    check,
    check_between,
    check_choice,
    check_positive,
    to_python_numbers,
)

MAX_POINTS = 50_000
"""Points of a learning curve: so many fit into a checkpoint's header (`tensor_file.MAX_HEADER_BYTES`)."""


@dataclass(frozen=True)
class TrainingOptions:
    """Adam on mini-batches drawn with replacement.

    Raises: InvalidValueError if a number is outside its range.
    """

    updates: int = 5000
    """The number of parameter updates, at most 50,000 times evaluate_every."""

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

    test_curve: bool = field(default=False, metadata=LATER)
    """Evaluate on the test set too, whenever on the validation set: for a figure of test errors, never for
    selection."""

    weight_decay: float = field(default=0.0, metadata=LATER)
    """An update also subtracts this share of every trained number, times the scheduled learning rate: AdamW
    (Loshchilov & Hutter 2019, algorithm 2); but not of fast weight programmers' biases, gains and decays."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("updates", self.updates, 1, MAX_UPDATES)
        check_positive("learning_rate", self.learning_rate)
        check_between("learning_rate", self.learning_rate, 0, MAX_SCALE)
        check_choice("schedule", self.schedule, ("constant", "cosine"))
        check_positive("clip_norm", self.clip_norm, zero=True)
        check_between("weight_decay", self.weight_decay, 0, MAX_SCALE)
        check_between("batch_size", self.batch_size, 1, 1_000_000)
        check_between("evaluate_every", self.evaluate_every, 1, MAX_UPDATES)
        check(
            self.updates <= MAX_POINTS * self.evaluate_every,
            f"updates must be at most {MAX_POINTS:,} times evaluate_every: a learning curve has no more "
            f"points; got {self.updates} updates, evaluated every {self.evaluate_every}",
        )
