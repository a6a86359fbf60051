"""The learning curves of a study as one table, for programs."""

from collections.abc import Sequence
from typing import Any

from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import Record, differences, grouped, outcome

_POINT = (
    "update",
    "train_loss",
    "validation_error",
    "validation_log_likelihood",
    "test_error",
    "test_log_likelihood",
)
_ABOUT = ("run", "parts", "state", "model", "hidden_size", "seed")
_SAID = ("model.name", "model.hidden_size", "seed")


def curve_table(runs: Sequence[Record]) -> Table:
    """A row for each evaluation of the runs that have ended, in the order of the study: whose it is, in what
    that run's specification differs from those of others, and the point of its curve. Options of the cell are
    compared with those of the same model."""
    varied = [
        {place: value for place, value in entries.items() if place not in _SAID and not _of_cell(place)}
        for entries in differences([run["specification"] for run in runs])
    ]
    by_model = grouped(zip(runs, varied, strict=True), lambda pair: pair[0]["specification"]["model"]["name"])
    for pairs in by_model.values():
        found = differences([run["specification"] for run, _ in pairs])
        for (_, entries), of_model in zip(pairs, found, strict=True):
            entries.update({place: value for place, value in of_model.items() if _of_cell(place)})
    places = list(dict.fromkeys(place for entries in varied for place in entries))
    rows = [
        [*_about(run), *(_text(entries.get(place)) for place in places), *map(_text, _whole(point))]
        for run, entries in zip(runs, varied, strict=True)
        for point in run.get("curve") or ()
    ]
    return Table("curves", "", [Column(name) for name in (*_ABOUT, *places, *_POINT)], rows)


def _about(run: Record) -> list[str]:
    model, parts = run["specification"]["model"], [str(role["part"]) for role in run.get("roles", ())]
    seed = run["specification"]["seed"]
    return [
        run["id"],
        " ".join(dict.fromkeys(parts)),
        outcome(run),
        model["name"],
        str(model["hidden_size"]),
        str(seed),
    ]


def _of_cell(place: str) -> bool:
    return place.startswith("model.cell.")


def _whole(point: Sequence[Any]) -> list[Any]:
    """With nothing for the test set where it was not followed."""
    return [*point, *[None] * (len(_POINT) - len(point))]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
