"""What equal R hides: the models at an equal number of parameters, and at an equal size of state."""

from collections.abc import Iterable

from fastweights.papers.ba2016.findings.stages import latest, members, place
from fastweights.report.labels import model_label, model_order
from fastweights.report.seeds import Seeds, error_text, over_seeds, seeds_text, updates_text
from fastweights.report.table import Grid
from fastweights.studies.analysis.settings import Record


def matched_seeds(runs: Iterable[Record]) -> dict[tuple[str, float, str], Seeds]:
    """By criterion, budget and model."""
    groups: dict[tuple[str, float, str], list[Record]] = {}
    for role, run in members(runs, "matched"):
        budget = role.get("budget")
        if isinstance(budget, int | float):
            groups.setdefault((str(role.get("criterion")), budget, place(run)[0]), []).append(run)
    return {what: over_seeds(latest(each)) for what, each in groups.items()}


def matched_grids(runs: Iterable[Record]) -> list[Grid]:
    """Equal parameters, and equal state, instead of equal R."""
    legend = (
        "R: the most units within the budget. State: the numbers that a cell carries from step to step. "
        "Where R is one of the table's, the runs are the table's; elsewhere the learning rate alone was "
        "searched, the rest is as selected at the nearest size."
    )
    found = matched_seeds(runs)
    return [
        Grid(
            f"matched-{criterion}",
            title,
            ("budget", "model", "R", "parameters", "state", "test error %", "seeds", "updates to 1 %"),
            [
                _matched_row(budget, seeds)
                for (which, budget, _), seeds in sorted(
                    found.items(), key=lambda item: (item[0][1], model_order(item[0][2]))
                )
                if which == criterion
            ],
            legend,
        )
        for criterion, title in (("parameters", "Equal parameters"), ("state", "Equal state"))
    ]


def _matched_row(budget: float, seeds: Seeds) -> tuple[str, ...]:
    model, size = place(seeds.runs[0])
    results = [run["result"] for run in seeds.runs if run.get("result")]
    parameters, state = ((results[0].get(name) if results else None) for name in ("parameters", "state_size"))
    return (
        f"{budget:,.0f}",
        model_label(model),
        str(size),
        *(f"{each:,}" if isinstance(each, int) else "" for each in (parameters, state)),
        error_text(seeds),
        seeds_text(seeds),
        updates_text(seeds),
    )
