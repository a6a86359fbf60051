"""What equal R hides: the models at an equal number of parameters, and at an equal size of state."""

from collections.abc import Iterable

from fastweights.papers.ba2016.findings.stages import latest, place, tagged
from fastweights.papers.ba2016.names import Stage
from fastweights.report.labels import model_label, model_order
from fastweights.report.setting_texts import error_text, seeds_text, updates_text
from fastweights.report.table import MODEL, R, Table, numbers
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting


def matched_settings(runs: Iterable[Record]) -> dict[tuple[str, float, str], Setting]:
    """By criterion, budget and model."""
    groups: dict[tuple[str, float, str], list[Record]] = {}
    for tags, run in tagged(runs, Stage.MATCHED):
        budget = tags.get("budget")
        if isinstance(budget, int | float):
            groups.setdefault((str(tags.get("criterion")), budget, place(run)[0]), []).append(run)
    return {what: Setting(latest(seeds)) for what, seeds in groups.items()}


def matched_tables(runs: Iterable[Record]) -> list[Table]:
    """Equal parameters, and equal state, instead of equal R."""
    legend = (
        "R: the most units within the budget. State: the numbers that a cell carries from step to step. "
        "Where R is one of the table's, the runs are the table's; elsewhere the learning rate alone was "
        "searched, the rest is as selected at the nearest size."
    )
    settings = matched_settings(runs)
    return [
        Table(
            f"matched-{criterion}",
            title,
            (
                *(*numbers("budget"), MODEL, R),
                *numbers("parameters", "state", "test error %", "seeds", "updates to 1 %"),
            ),
            [
                _matched_row(budget, setting)
                for (which, budget, _), setting in sorted(
                    settings.items(), key=lambda item: (item[0][1], model_order(item[0][2]))
                )
                if which == criterion
            ],
            legend,
        )
        for criterion, title in (("parameters", "Equal parameters"), ("state", "Equal state"))
    ]


def _matched_row(budget: float, setting: Setting) -> tuple[str, ...]:
    model, size = place(setting.runs[0])
    results = [run["result"] for run in setting.runs if run.get("result")]
    parameters, state = ((results[0].get(name) if results else None) for name in ("parameters", "state_size"))
    return (
        f"{budget:,.0f}",
        model_label(model),
        str(size),
        *(f"{number:,}" if isinstance(number, int) else "" for number in (parameters, state)),
        error_text(setting),
        seeds_text(setting),
        updates_text(setting),
    )
