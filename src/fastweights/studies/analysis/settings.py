"""Statistics over the seeds of one setting."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import fmean, median, stdev
from typing import Any

from fastweights.studies.analysis.runs import (
    Outcome,
    Record,
    collapsed,
    error_kind,
    final_validation_error,
    goal_of,
    outcome,
    setting_of,
    updates_to,
)


@dataclass(frozen=True)
class Setting:
    """The runs of one setting, which differ in their seeds only.

    Errors are fractions, or squared errors. Means and bounds are over the finished runs, and None where there
    are none.
    """

    runs: Sequence[Record]
    label: str = ""
    """What tells it from others of the same model, size and task: `decay 0.95`."""

    @property
    def model(self) -> str:
        return self.runs[0]["specification"]["model"]["name"]

    @property
    def name(self) -> str:
        """Model and label."""
        return f"{self.model}, {self.label}" if self.label else self.model

    @property
    def hidden_size(self) -> int:
        return self.runs[0]["specification"]["model"]["hidden_size"]

    @property
    def floor(self) -> float:
        """The error of the best answer without the ability that the task tests."""
        return self.runs[0]["floor"]

    @property
    def error_kind(self) -> str:
        """What its errors are: `share` or `squared`."""
        return error_kind(self.runs[0])

    @property
    def goal(self) -> float | None:
        """The validation error that counts as having learned the task, if there is one."""
        return goal_of(self.runs[0])

    @property
    def validation_floor(self) -> float:
        """As `floor`, of the validation set, if the test set is another task's."""
        return self.runs[0].get("errors", {}).get("validation_floor", self.floor)

    @cached_property
    def options(self) -> Record:
        """The specification without its seed."""
        return setting_of(self.runs[0])

    @cached_property
    def planned(self) -> int:
        return len(self.runs)

    @cached_property
    def finished(self) -> int:
        return len(self._finished)

    @cached_property
    def failed(self) -> int:
        """How many runs diverged, raised an error, or ended in errors that are no numbers."""
        return self._outcomes.count("failed")

    @property
    def unfinished(self) -> int:
        """How many runs have not ended."""
        return self.planned - self.finished - self.failed

    @cached_property
    def test_errors(self) -> Sequence[float]:
        """After the last update, by finished run."""
        return [float(error) for error in self._results("test_error")]

    @cached_property
    def test_error(self) -> float | None:
        """Mean of `test_errors`."""
        return mean(self.test_errors)

    @cached_property
    def half_interval(self) -> float | None:
        """Half of the 95 % interval of `test_error`, see `half_t_interval`; None below two seeds."""
        return half_t_interval(self.test_errors)

    @property
    def best_test_error(self) -> float | None:
        """Mean test error of the weights that had each run's lowest validation error."""
        return mean(self._results("best_test_error"))

    @cached_property
    def validation_error(self) -> float | None:
        """Mean validation error after the last update: what settings are selected by."""
        return mean([final_validation_error(run) for run in self._finished])

    @property
    def training_loss(self) -> float | None:
        """Mean of the last training losses, in nats."""
        return mean([run["curve"][-1][1] for run in self._finished])

    @property
    def validation_loss(self) -> float | None:
        """Mean of the last validation losses, the negative log likelihood, in nats."""
        return mean([-run["curve"][-1][3] for run in self._finished])

    @property
    def collapses(self) -> int:
        """How many finished runs have `collapsed`."""
        return sum(map(collapsed, self._finished))

    @property
    def reached(self) -> int:
        """How many runs that have ended had a validation error of `goal` or less on the way."""
        return sum(map(math.isfinite, self.updates_to_goal_by_run))

    @cached_property
    def updates_to_goal_by_run(self) -> list[float]:
        """The updates to the goal of each run that has ended, infinite if it never got there; none without a
        goal."""
        goals = [(run, goal_of(run)) for run in self.ended()]
        return [updates_to(run, goal) for run, goal in goals if goal is not None]

    @cached_property
    def updates_to_goal(self) -> float | None:
        """Median of `updates_to_goal_by_run`; infinite if half of them never got there, None for none."""
        return median(self.updates_to_goal_by_run) if self.updates_to_goal_by_run else None

    @property
    def parameters(self) -> int | None:
        return next(iter(self._results("parameters")), None)

    @property
    def state_size(self) -> int | None:
        return next(iter(size for run in self._finished if (size := run["result"].get("state_size"))), None)

    @property
    def seconds(self) -> float | None:
        """Mean of what a run took."""
        return mean(self._results("seconds"))

    @cached_property
    def _outcomes(self) -> list[Outcome]:
        return [outcome(run) for run in self.runs]

    @cached_property
    def _finished(self) -> list[Record]:
        return self.ended("finished")

    def ended(self, *outcomes: Outcome) -> list[Record]:
        """The runs with one of these outcomes, by default those that finished or failed."""
        wanted = outcomes or ("finished", "failed")
        return [run for run, state in zip(self.runs, self._outcomes, strict=True) if state in wanted]

    def _results(self, name: str) -> list[Any]:
        return [run["result"][name] for run in self._finished]


def half_t_interval(values: Sequence[float]) -> float | None:
    """Half the width of the 95 % interval of the mean: t(0.975; n − 1) · s / √n.

    s² = Σ (x − mean)² / (n − 1), and t the quantile of Student's distribution. None below two values.
    """
    if len(values) < 2:
        return None
    return t_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))


@lru_cache(maxsize=256)
def t_quantile(freedom: int) -> float:
    """t(0.975; ν) of Student's distribution with ν = `freedom` ≥ 1 degrees."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def mean(values: Sequence[float]) -> float | None:
    """None if there are no values."""
    return fmean(values) if values else None
