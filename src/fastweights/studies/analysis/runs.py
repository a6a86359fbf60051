"""What one run of results.json says: how it ended, its validation errors, when it had learned."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

from msgspec import UNSET

Record = Mapping[str, Any]
"""One run as in results.json."""

Outcome = Literal["finished", "failed", "interrupted", "waiting"]

Item = TypeVar("Item")
Key = TypeVar("Key")

_GOALS = {"share": 0.01}
"""By kind of error: the validation error that counts as having learned the task, if a study says nothing."""

COLLAPSE = 0.05
"""A run has collapsed if its last validation error is this much above its lowest."""


UNKNOWN: Final = UNSET
"""Of an entry that is no option of the same task or cell."""

LATER = {
    "training.test_curve": False,
    "training.weight_decay": 0.0,
    "model.blocks.layers": 1,
    "model.blocks.block_norm": "none",
    "model.blocks.residual": False,
    "model.blocks.perceptron_size": 0,
}
"""What a specification leaves out, by its place, because it came later than the first runs and is at its
default there. The options themselves are beside what they are options of, which imports JAX; this module does
not."""

LATER_OF_CELLS = {"associative-lstm": {"combine_heads": "sum"}, "irnn": {"recurrent_init": "identity"}}
"""Likewise, by the model's name and the option's."""


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """The items with equal keys together, in order of appearance."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def setting_of(run: Record) -> dict[str, Any]:
    """The specification without its seed."""
    return {name: value for name, value in run["specification"].items() if name != "seed"}


def distinguished(variants: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """For each of these dictionaries the entries in which they differ, as `learning_rate 0.001`; with their
    place, `task.length 40`, if several have one name."""
    found = differences(variants)
    places = list(dict.fromkeys(place for entries in map(_flattened, variants) for place, _ in entries))
    last = [place.rpartition(".")[2] for place in places]
    names = {
        place: name if last.count(name) == 1 else place for place, name in zip(places, last, strict=True)
    }
    return [[f"{names[place]} {value}" for place, value in entries.items()] for entries in found]


def differences(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each of these dictionaries the entries in which they differ, by their places: `task.length`. Those
    of specifications are complete: see `left_out`."""
    said = [dict(_flattened(variant)) for variant in variants]
    places = dict.fromkeys(place for entries in said for place in entries)
    flat = [
        {place: left_out(place, entries) for place in places if place not in entries} | entries
        for entries in said
    ]
    different = [place for place in places if any(each[place] != flat[0][place] for each in flat)]
    return [{place: each[place] for place in different if each[place] is not UNKNOWN} for each in flat]


def entry_of(specification: Mapping[str, Any], place: str) -> Any:
    """The entry at a place, `model.cell.decay`, also if the specification leaves it out."""
    entries = dict(_flattened(specification))
    return entries[place] if place in entries else left_out(place, entries)


def left_out(place: str, entries: Mapping[str, Any]) -> Any:
    """What an entry is that these entries of a specification, by their places, lack, or UNKNOWN."""
    table, _, name = place.rpartition(".")
    if table == "test_task":  # the task of the other sets, if it is not said
        return entries.get(f"task.{name}", UNKNOWN) if "test_task.name" not in entries else UNKNOWN
    if table == "model.cell":
        return LATER_OF_CELLS.get(entries.get("model.name", ""), {}).get(name, UNKNOWN)
    return LATER.get(place, UNKNOWN)


def _flattened(value: Mapping[str, Any], place: str = "") -> Iterable[tuple[str, Any]]:
    for name, entry in value.items():
        if isinstance(entry, Mapping):
            yield from _flattened(entry, f"{place}{name}.")
        else:
            yield f"{place}{name}", entry


def outcome(run: Record) -> Outcome:
    """The state of a run; one that finished with errors that cannot be counts as failed."""
    return "failed" if run["state"] == "finished" and _defect(run) else run["state"]


def failure_of(run: Record) -> str | None:
    """Why a run counts as failed: its message or traceback, or what is wrong with its result."""
    if outcome(run) != "failed":
        return None
    return run.get("failure") or _defect(run) or "no reason was recorded"


def validation_errors(run: Record) -> dict[int, float]:
    """The validation error by update; what is not a number is left out."""
    points = run.get("curve") or ()
    return {at: error for at, _, error, *_ in points if error is not None and math.isfinite(error)}


def final_validation_error(run: Record) -> float:
    """Of a finished run: what settings are selected by."""
    return run["curve"][-1][2]


def error_kind(run: Record) -> str:
    """What its errors are: `share`, of wrong answers, or `squared`, the mean squared error."""
    return run.get("errors", {}).get("kind", "share")


def goal_of(run: Record) -> float | None:
    """The validation error that counts as having learned the task; None if the study names none and there is
    no usual one."""
    return run.get("errors", {}).get("goal", _GOALS.get(error_kind(run)))


def updates_to(run: Record, goal: float) -> float:
    """The first update at which a validation error of at most `goal` was measured; infinite if none was."""
    return next((float(at) for at, error in validation_errors(run).items() if error <= goal), math.inf)


def collapsed(run: Record) -> bool:
    """Whether a finished run was good and ended bad, see `COLLAPSE`."""
    return final_validation_error(run) - min(validation_errors(run).values()) > COLLAPSE


def _defect(run: Record) -> str | None:
    result, kind = run.get("result") or {}, error_kind(run)
    for name in ("test_error", "best_test_error"):
        if not _is_error(result.get(name), kind):
            return f"{name} is {result.get(name)}"
    if not run.get("curve"):
        return "no validation error was recorded"
    error = final_validation_error(run)
    return None if _is_error(error, kind) else f"the last validation error is {error}"


def _is_error(value: object, kind: str) -> bool:
    """Whether it is a number from 0, and to 1 if it is a share; NaN is none."""
    return isinstance(value, int | float) and 0 <= value < math.inf and (kind != "share" or value <= 1)
