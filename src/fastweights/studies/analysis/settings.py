"""Statistics over the seeds of one setting, and the selection among several settings."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import fmean, median, stdev
from typing import Any

from fastweights.studies.analysis.runs import (
    Outcome,
    Record,
    collapsed,
    distinguished,
    final_validation_error,
    grouped,
    outcome,
    setting_of,
    updates_to,
)


@dataclass(frozen=True)
class Setting:
    """The runs of one setting, which differ in their seeds only.

    Errors are fractions. Means and bounds are over the finished runs, and None where there are none.
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
    def test_counts(self) -> Sequence[int]:
        """The numbers of test sequences that they were measured on."""
        return self._results("test_count")

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
        """How many runs that have ended had a validation error of `GOAL` or less on the way."""
        return sum(map(math.isfinite, self._updates))

    @cached_property
    def updates_to_goal(self) -> float | None:
        """Median of `updates_to` over the runs that have ended; infinite if half of them never got there."""
        return median(self._updates) if self._updates else None

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

    @cached_property
    def _updates(self) -> list[float]:
        return [updates_to(run) for run in self.ended()]

    def ended(self, *outcomes: Outcome) -> list[Record]:
        """The runs with one of these outcomes, by default those that finished or failed."""
        wanted = outcomes or ("finished", "failed")
        return [run for run, state in zip(self.runs, self._outcomes, strict=True) if state in wanted]

    def _results(self, name: str) -> list[Any]:
        return [run["result"][name] for run in self._finished]


@dataclass(frozen=True)
class Selection:
    """The settings that were tried of one model and size at one task, and which one validation selects."""

    runs: Sequence[Record]
    """All that were tried, in any setting."""
    fresh: Sequence[Record] | None = None
    """Those of the selected setting that are reported, on seeds which selected nothing; none while the search
    goes on. None if the runs that selected are reported."""
    label: str = ""
    """As of a setting."""

    @cached_property
    def settings(self) -> list[Setting]:
        """In order of appearance."""
        return [Setting(runs, self.label) for runs in _alike(self.runs, setting_of)]

    @property
    def validation_errors(self) -> list[float]:
        """Of the settings that have one."""
        return [s.validation_error for s in self.settings if s.validation_error is not None]

    @cached_property
    def selected(self) -> Setting:
        """The setting with the lowest mean final validation error over its finished seeds.

        Ties go to the earlier. Settings with a failed seed come after those without, and settings without a
        finished seed come last. Test errors select nothing.
        """
        return min(self.settings, key=_rank)

    @property
    def choice(self) -> str:
        """What tells the selected setting from the others that were tried: `learning_rate 0.002`."""
        different = distinguished([setting.options for setting in self.settings])
        return ", ".join(different[self.settings.index(self.selected)])

    @property
    def all_runs(self) -> list[Record]:
        """Those that were tried, and those that are reported."""
        return [*self.runs, *(self.fresh or ())]

    @cached_property
    def reported(self) -> Setting | None:
        """What a table shows; None while the search goes on that selects it."""
        if self.fresh is None:
            return self.selected
        return Setting(self.fresh, self.label) if self.fresh else None


def selections(runs: Sequence[Record]) -> list[Selection]:
    """One for each (model, hidden size, task) and row of the study, by model in order of appearance, then by
    size."""
    models = list(dict.fromkeys(run["specification"]["model"]["name"] for run in runs))
    rows: dict[str, dict[str, list[Record]]] = {}
    for run in runs:
        for part, label in _places(run):
            row = rows.setdefault(json.dumps([label, *_what(run)], sort_keys=True), {})
            row.setdefault(part, []).append(run)
    selected = [_selection(parts, json.loads(row)[0]) for row, parts in rows.items()]
    return sorted(
        selected, key=lambda group: (models.index(group.selected.model), group.selected.hidden_size)
    )


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


def _rank(setting: Setting) -> tuple[bool, bool, float]:
    """What settings are ordered by; `min` keeps the earlier of equals."""
    error = setting.validation_error
    return error is None, setting.failed > 0, math.inf if error is None else error


def _what(run: Record) -> list[Any]:
    """Model, size and task."""
    specification = run["specification"]
    return [specification["model"]["name"], specification["model"]["hidden_size"], specification["task"]]


def _places(run: Record) -> list[tuple[str, str]]:
    """The parts that a run has in rows of its study, and the labels of these; one where there are no rows."""
    roles = [role for role in run.get("roles", ()) if "row" in role]
    return [(role["part"], role["row"]) for role in roles] or [("report", "")]


def _selection(parts: Mapping[str, list[Record]], label: str) -> Selection:
    if "search" in parts:
        return Selection(parts["search"], parts.get("report", []), label)
    return Selection(parts["report"], label=label)


def _alike(runs: Iterable[Record], key: Callable[[Record], Any]) -> list[list[Record]]:
    """The runs with equal keys, which are JSON values, together, in order of appearance."""
    return list(grouped(runs, lambda run: json.dumps(key(run), sort_keys=True)).values())
