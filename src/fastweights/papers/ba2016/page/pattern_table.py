"""Whether a rate, a number of updates, or one assumption brings the paper's pattern of errors back."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from fastweights.papers.ba2016.findings.pattern import Pattern, comparable, patterns
from fastweights.papers.ba2016.findings.stages import place, runs_of, tagged
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.published import BA_2016
from fastweights.report.labels import Rounded, count, decimal, model_label, percent
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import Record, grouped

_FACTOR = (
    "the factor by which the odds of the median validation error and of the published error differ; below "
    "0.05 % counts as 0.05 %, and a run that failed as guessing; typical: the geometric mean"
)


def pattern_table(runs: Sequence[Record]) -> Table:
    """The paper's choices by rate and updates."""
    beyond = set(map(_rate, runs_of(runs, Stage.LETTER_SEARCH)))  # tried for some models only
    letters = [*runs_of(runs, Stage.AS_PUBLISHED), *runs_of(runs, Stage.PATTERN)]
    rates = grouped([run for run in letters if _rate(run) not in beyond], _rate)
    found = [pattern for rate in sorted(rates) for pattern in patterns(decimal(rate), rates[rate])]
    return _table(
        "pattern",
        "The paper's pattern, by rate and updates",
        Column("rate"),
        comparable(found),
        f"To the letter of the paper, at a constant rate, after so many updates: {_FACTOR}. By rate and "
        "updates alone, and over those published numbers that have runs in every row. Bold: the nearest.",
    )


def assumptions_table(runs: Sequence[Record]) -> Table:
    """The paper's choices but for one assumption, each after the number of updates that is nearest."""
    changed = [(tags, run) for tags, run in tagged(runs, Stage.ASSUMPTIONS) if "assumption" in tags]
    rates = sorted({_rate(run) for _, run in changed})
    longest = max((run["specification"]["training"]["updates"] for _, run in changed), default=0)
    usual = [run for run in runs_of(runs, Stage.PATTERN) if _rate(run) in rates]
    found = comparable(
        [pattern for name, those in _assumed(changed, usual) for pattern in patterns(name, those, longest)]
    )
    nearest = [min(group, key=lambda each: each.typical) for group in grouped(found, _reading).values()]
    return _table(
        "assumptions",
        "The paper's pattern, by assumption",
        Column("assumption", "word"),
        nearest if len(nearest) > 1 else [],
        "To the letter of the paper but for one assumption, at a constant rate of "
        f"{' or '.join(map(decimal, rates))}, after the number of updates, at most "
        f"{count(longest)}, with the least typical factor: {_FACTOR}. Where a model has no such option, its "
        "runs are those of the first row. Bold: the nearest.",
    )


def _assumed(
    changed: Sequence[tuple[Mapping[str, str], Record]], usual: Sequence[Record]
) -> Iterator[tuple[str, Sequence[Record]]]:
    """By assumption, the runs of all models and sizes; those of models that it does not concern are as the
    paper is read."""
    yield "none changed", usual
    for name, pairs in grouped(changed, lambda pair: pair[0]["assumption"]).items():
        own = {place(run): run for _, run in pairs}
        yield name, [own.get(place(run), run) for run in usual]


def _rate(run: Record) -> float:
    return run["specification"]["training"]["learning_rate"]


def _reading(pattern: Pattern) -> str:
    return pattern.reading


def _table(name: str, title: str, reading: Column, rows: Sequence[Pattern], legend: str) -> Table:
    best = min(rows, key=lambda row: row.typical, default=None)
    return Table.of(
        name,
        title,
        rows,
        {
            reading: _reading,
            "updates": lambda row: count(row.updates),
            "numbers": lambda row: str(len(row.errors)),
            "seeds": _seeds,
            "typical factor": lambda row: _factor_text(row.typical),
            "largest factor": lambda row: _factor_text(max(row.factors.values())),
            Column("where", "word"): _where,
        },
        legend,
        bold=() if best is None else {rows.index(best)},
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


def _factor_text(factor: float) -> str:
    """Three digits, and all of those before the point."""
    return Rounded(f"{factor:.3g}" if factor < 1000 else f"{factor:,.0f}", {"": factor})
