"""The columns that tables of a study have: what each says of a model, size and task."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastweights.report.error_units import ErrorUnit
from fastweights.report.labels import Rounded
from fastweights.report.setting_texts import (
    error_text,
    length_text,
    name_text,
    parameters_text,
    range_text,
    state_text,
    time_text,
    updates_text,
)
from fastweights.report.table import MODEL, Column, R
from fastweights.studies.analysis.runs import outcome
from fastweights.studies.analysis.selections import Selection
from fastweights.studies.analysis.settings import Setting
from fastweights.studies.papers import published_errors

if TYPE_CHECKING:
    from fastweights.studies.papers import Publication

Columns = Mapping[Column | str, Callable[[Selection], str]]


def of_reported(text: Callable[[Setting], str]) -> Callable[[Selection], str]:
    """A text of the setting that is reported; nothing while there is none."""
    return lambda selection: "" if selection.reported is None else text(selection.reported)


def _number(value: Callable[[Setting], float | None]) -> Callable[[Selection], str]:
    """A number of that setting, with all its digits."""
    return of_reported(lambda setting: "" if (number := value(setting)) is None else repr(number))


ROW: Columns = {
    R: lambda selection: str(selection.selected.hidden_size),
    MODEL: lambda selection: name_text(selection.selected),
}
COSTS: Columns = {
    "parameters": of_reported(parameters_text),
    "updates": lambda selection: length_text(selection.selected),
    "time": of_reported(time_text),
}
NUMBERS: Columns = {
    "model": lambda selection: selection.selected.model,
    "label": lambda selection: selection.label,
    "hidden_size": lambda selection: str(selection.selected.hidden_size),
    "updates": lambda selection: str(selection.selected.options["training"]["updates"]),
    "settings_tried": lambda selection: str(len(selection.settings)),
    "chosen": lambda selection: selection.choice,
    "error_kind": lambda selection: selection.selected.error_kind,
    "floor": lambda selection: repr(selection.selected.floor),
    "seeds": of_reported(lambda setting: str(setting.finished)),
    "failed": of_reported(lambda setting: str(setting.failed)),
    "test_error": _number(lambda setting: setting.test_error),
    "half_interval": _number(lambda setting: setting.half_interval),
    "lowest_test_error": _number(lambda setting: min(setting.test_errors, default=None)),
    "highest_test_error": _number(lambda setting: max(setting.test_errors, default=None)),
    "validation_error": _number(lambda setting: setting.validation_error),
    "goal": lambda selection: "" if (goal := selection.selected.goal) is None else repr(goal),
    "updates_to_goal": _number(lambda setting: setting.updates_to_goal),
    "parameters": _number(lambda setting: setting.parameters),
    "state_size": _number(lambda setting: setting.state_size),
    "seconds": _number(lambda setting: setting.seconds),
}


def floor(unit: ErrorUnit) -> Columns:
    """The column of the floor: it is exact, so in full."""
    return {unit.heading("floor"): lambda selection: unit.full_text(selection.selected.floor)}


def seeds(unit: ErrorUnit, goal: float | None) -> Columns:
    """How the seeds differ, and when half of them had reached the goal, if there is one."""
    updates: Columns = {} if goal is None else {f"to {unit.goal_text(goal)}": of_reported(updates_text)}
    return {unit.heading("best–worst"): of_reported(range_text), **updates, "state": of_reported(state_text)}


def chosen_by(unit: ErrorUnit) -> Columns:
    """What the selected setting was chosen by, where others were tried."""

    def text(selection: Selection) -> str:
        known = selection.reported is not None and len(selection.settings) > 1
        return unit.one(selection.selected.validation_error) if known else ""

    return {unit.heading("by validation"): text}


def validation(unit: ErrorUnit) -> Columns:
    """What the selection among settings went by."""
    return {
        unit.heading("at best validation"): of_reported(lambda setting: unit.one(setting.best_test_error)),
        unit.heading("last validation"): of_reported(lambda setting: unit.one(setting.validation_error)),
        "settings tried": lambda selection: str(len(selection.settings)),
    }


def published_numbers(selection: Selection) -> "list[tuple[Publication, float]]":
    """The papers that have a number for the row, and the errors in percent."""
    setting = selection.selected
    return published_errors(setting.options["task"], setting.model, setting.hidden_size)


def published_texts(selection: Selection) -> dict[str, str]:
    """Published errors in percent, by the name of their source."""
    return {source.name: Rounded(f"{error:g}", {"": error}) for source, error in published_numbers(selection)}


def mean_error(selection: Selection) -> str:
    """The mean test error, and how many runs failed or are missing."""
    setting = selection.reported
    if setting is None:
        tried = [outcome(run) for run in selection.runs]
        return f"searching ({tried.count('finished') + tried.count('failed')} of {len(tried)})"
    error = error_text(setting) if setting.test_error is not None else ""
    states = +Counter(failed=setting.failed, unfinished=setting.unfinished)  # those that there are
    texts = [error, *(f"{state} ({number} of {setting.planned})" for state, number in states.items())]
    return Rounded(",\n".join(filter(None, texts)), {**getattr(error, "numbers", {}), **states})
