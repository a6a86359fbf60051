"""Whether some learning rate and number of updates brings the paper's pattern of errors back."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, median
from typing import NamedTuple

from fastweights.papers.ba2016.findings.stages import place, runs_of
from fastweights.papers.ba2016.findings.verdicts import log_odds
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.published import BA_2016
from fastweights.report.labels import Rounded, count, model_label, percent
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import Record, grouped, validation_errors

_UPDATES = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)


class _Row(NamedTuple):
    rate: float
    updates: int
    errors: dict[tuple[str, int], list[float]]
    """Ours, validation errors, by model and size; one of each seed."""

    @property
    def factors(self) -> dict[tuple[str, int], float]:
        """By which the odds of our median and of the paper's error differ, 1 or more."""
        return {
            where: math.exp(abs(log_odds(median(ours)) - log_odds(BA_2016.test_errors[where] / 100)))
            for where, ours in self.errors.items()
        }


def pattern_table(runs: Sequence[Record]) -> Table:
    """The paper's choices: as the rate is constant, a run is also every shorter run."""
    rows = _compared(list(_rows(runs)))
    best = min(rows, key=_typical, default=None)
    return Table.of(
        "pattern",
        "The paper's pattern, by rate and updates",
        rows,
        {
            "rate": lambda row: f"{row.rate:g}",
            "updates": lambda row: count(row.updates),
            "numbers": lambda row: str(len(row.errors)),
            "seeds": _seeds,
            "typical factor": lambda row: _factor_text(_typical(row)),
            "largest factor": lambda row: _factor_text(max(row.factors.values())),
            Column("where", "word"): _where,
        },
        "To the letter of the paper, at a constant rate, after so many updates: the factor by which the odds "
        "of the median validation error and of the published error differ; below 0.05 % counts as 0.05 %; "
        "typical: the geometric mean. By rate and updates alone, and over those published numbers that have "
        "runs in every row. Bold: the nearest.",
        bold=() if best is None else {rows.index(best)},
    )


def _compared(rows: Sequence[_Row]) -> list[_Row]:
    """With the models and sizes that all rows have: over different ones, typical factors say nothing of the
    rate."""
    common = set.intersection(*(set(row.errors) for row in rows)) if rows else set()
    if not common:
        return []
    return [
        row._replace(errors={where: ours for where, ours in row.errors.items() if where in common})
        for row in rows
    ]


def _rows(runs: Sequence[Record]) -> Iterator[_Row]:
    letters = [*runs_of(runs, Stage.AS_PUBLISHED), *runs_of(runs, Stage.PATTERN)]
    rates = grouped(letters, lambda run: run["specification"]["training"]["learning_rate"])
    for rate, members in sorted(rates.items()):
        curves = {
            where: list(map(validation_errors, those)) for where, those in grouped(members, place).items()
        }
        for updates in _UPDATES:
            errors = {
                where: [curve[updates] for curve in those if updates in curve]
                for where, those in curves.items()
                if where in BA_2016.test_errors
            }
            errors = {where: ours for where, ours in errors.items() if ours}
            if errors:
                yield _Row(rate, updates, errors)


def _seeds(row: _Row) -> str:
    """`3`, or `5–10` where models differ."""
    numbers = sorted(map(len, row.errors.values()))
    return "–".join(map(str, dict.fromkeys([numbers[0], numbers[-1]])))


def _typical(row: _Row) -> float:
    return math.exp(fmean(map(math.log, row.factors.values())))


def _where(row: _Row) -> str:
    model, size = where = max(row.factors, key=lambda where: row.factors[where])
    published = f"{BA_2016.test_errors[where]:g}"
    return f"{model_label(model)}, R = {size}: {percent(median(row.errors[where]))} against {published}"


def _factor_text(factor: float) -> str:
    """Three digits, and all of those before the point."""
    return Rounded(f"{factor:.3g}" if factor < 1000 else f"{factor:,.0f}", {"": factor})
