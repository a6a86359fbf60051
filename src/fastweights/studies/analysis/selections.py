"""The selection among several settings: each by its validation error, none by what is reported."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastweights.studies.analysis.runs import Record, distinguished, grouped, setting_of
from fastweights.studies.analysis.settings import Setting


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
        """What a table shows; None while the search that selects it is running."""
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
