"""What equal R hides: the models at an equal number of parameters, and at an equal size of state."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fastweights.papers.ba2016.findings.stages import place, place_settings, stage_settings
from fastweights.papers.ba2016.names import Stage
from fastweights.report.labels import count, model_label, model_order
from fastweights.report.setting_texts import error_text, parameters_text, seeds_text, updates_text
from fastweights.report.table import MODEL, R, Table
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting

MatchedSettings = Mapping[tuple[str, float, str], Setting]
"""By criterion, budget and model."""


def matched_settings(runs: Sequence[Record]) -> MatchedSettings:
    """By criterion, budget and model; those of a size of the table's are the table's own."""

    def key(tags: Mapping[str, Any], run: Record) -> tuple[str, float, str] | None:
        budget = tags.get("budget")
        known = isinstance(budget, int | float)
        return (str(tags.get("criterion")), budget, place(run)[0]) if known else None

    table = place_settings(runs, Stage.TABLE)
    return {
        which: table.get((setting.model, setting.hidden_size), setting)
        for which, setting in stage_settings(runs, Stage.MATCHED, key).items()
    }


def matched_tables(runs: Sequence[Record]) -> list[Table]:
    """Equal parameters, and equal state, instead of equal R."""
    legend = (
        "R: the most units within the budget. State: the numbers that a cell carries from step to step. "
        "Where R is one of the table's, the runs are the table's; elsewhere the learning rate alone was "
        "searched, the rest is as selected at the nearest size. A budget is here once two models have runs."
    )
    found = matched_settings(runs)
    models = Counter((criterion, budget) for criterion, budget, _ in found)
    settings = sorted(
        ((where, setting) for where, setting in found.items() if models[where[:2]] > 1),
        key=lambda item: (item[0][1], model_order(item[0][2])),
    )
    return [
        Table.of(
            f"matched-{criterion}",
            title,
            [(budget, setting) for (which, budget, _), setting in settings if which == criterion],
            {
                "budget": lambda row: count(row[0]),
                MODEL: lambda row: model_label(row[1].model),
                R: lambda row: str(row[1].hidden_size),
                "parameters": lambda row: parameters_text(row[1]),
                "state": lambda row: _state_text(row[1]),
                "test error %": lambda row: error_text(row[1]),
                "seeds": lambda row: seeds_text(row[1]),
                "updates to 1 %": lambda row: updates_text(row[1]),
            },
            legend,
        )
        for criterion, title in (("parameters", "Equal parameters"), ("state", "Equal state"))
    ]


def _state_text(setting: Setting) -> str:
    """The size of the state; old records do not have it."""
    sizes = [run["result"].get("state_size") for run in setting.ended("finished")]
    return count(sizes[0]) if sizes and isinstance(sizes[0], int) else ""
