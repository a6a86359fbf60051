"""Tables of how near a rate, a number of updates, or one assumption comes to the paper's pattern."""

from collections.abc import Sequence
from statistics import median

from fastweights.papers.ba2016.findings.pattern import Pattern, by_assumption, by_rate, nearest
from fastweights.papers.ba2016.published import BA_2016
from fastweights.report.labels import count, factor, model_label, percent
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import Record

_FACTOR = (
    "the factor by which the odds of the median validation error and of the published error differ; below "
    "0.05 % counts as 0.05 %, and a run that failed as guessing; typical: the geometric mean"
)
_NEAREST = "Bold: the nearest, of so many rows partly by chance; no verdict rests on it."


def pattern_table(runs: Sequence[Record]) -> Table:
    """The paper's choices by rate and updates."""
    return _table(
        "pattern",
        "The paper's pattern, by rate and updates",
        Column("rate", "word"),
        by_rate(runs),
        f"To the letter of the paper, at a constant rate, after so many updates: {_FACTOR}. Each model's "
        "best: the rates of Table 1 to the letter, which differ between models. Over those published numbers "
        f"that have runs in every row. {_NEAREST}",
    )


def assumptions_table(runs: Sequence[Record]) -> Table:
    """The paper's choices but for one assumption, each after the number of updates that is nearest."""
    return _table(
        "assumptions",
        "The paper's pattern, by assumption",
        Column("assumption", "word"),
        by_assumption(runs),
        "To the letter of the paper but for one assumption, each model at its rate of Table 1 to the letter, "
        f"after the number of updates with the least typical factor: {_FACTOR}. Where a model has no such "
        "option, or more than 50,000 parameters, its runs are those of the first row, which also "
        f"selected the rates, by the lowest validation error. {_NEAREST}",
    )


def _table(name: str, title: str, reading: Column, rows: Sequence[Pattern], legend: str) -> Table:
    return Table.of(
        name,
        title,
        rows,
        {
            reading: lambda row: row.reading,
            "updates": lambda row: count(row.updates),
            "numbers": lambda row: str(len(row.errors)),
            "seeds": _seeds,
            "typical factor": lambda row: factor(row.typical),
            "largest factor": lambda row: factor(max(row.factors.values())),
            Column("where", "word"): _where,
        },
        legend,
        bold={rows.index(nearest(rows))} if rows else (),
    )


def _seeds(row: Pattern) -> str:
    """`3`, or `5–10` where models differ."""
    numbers = sorted(map(len, row.errors.values()))
    return "–".join(map(str, dict.fromkeys([numbers[0], numbers[-1]])))


def _where(row: Pattern) -> str:
    model, size = row.farthest
    published = f"{BA_2016.test_errors[row.farthest]:g}"
    ours = percent(median(row.errors[row.farthest]))
    return f"{model_label(model)}, R = {size}: {ours} against {published}"
