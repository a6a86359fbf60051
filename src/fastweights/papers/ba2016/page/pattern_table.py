"""Whether a rate, a number of updates, or one assumption brings the paper's pattern of errors back."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from fastweights.papers.ba2016.findings.pattern import Pattern, comparable, patterns
from fastweights.papers.ba2016.findings.stages import place, place_settings, runs_of, tagged
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.published import BA_2016
from fastweights.report.labels import Rounded, count, decimal, model_label, percent
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import Record, grouped

_FACTOR = (
    "the factor by which the odds of the median validation error and of the published error differ; below "
    "0.05 % counts as 0.05 %, and a run that failed as guessing; typical: the geometric mean"
)

_NEAREST = "Bold: the nearest, of so many rows partly by chance; no verdict rests on it."
_TRIED = Stage.PATTERN, Stage.LETTER_SEARCH


def pattern_table(runs: Sequence[Record]) -> Table:
    """The paper's choices by rate and updates."""
    beyond = set(map(_rate, runs_of(runs, Stage.LETTER_SEARCH)))  # tried for some models only
    letters = [*runs_of(runs, Stage.AS_PUBLISHED), *runs_of(runs, Stage.PATTERN)]
    rates = grouped([run for run in letters if _rate(run) not in beyond], _rate)
    found = [pattern for rate in sorted(rates) for pattern in patterns(decimal(rate), rates[rate])]
    own = _at_own_rates(runs, Stage.AS_PUBLISHED, *_TRIED)
    if set(map(place, letters)) == set(map(place, own)) and len(set(map(_rate, own))) > 1:
        found += patterns("each model's best", own)
    return _table(
        "pattern",
        "The paper's pattern, by rate and updates",
        Column("rate", "word"),
        comparable(found),
        f"To the letter of the paper, at a constant rate, after so many updates: {_FACTOR}. Each model's "
        "best: the rates of Table 1 to the letter, which differ between models. Over those published numbers "
        f"that have runs in every row. {_NEAREST}",
    )


def assumptions_table(runs: Sequence[Record]) -> Table:
    """The paper's choices but for one assumption, each after the number of updates that is nearest."""
    changed = [(tags, run) for tags, run in tagged(runs, Stage.ASSUMPTIONS) if "assumption" in tags]
    found = comparable(
        [
            pattern
            for name, those in _assumed(changed, _at_own_rates(runs, *_TRIED))
            for pattern in patterns(name, those)
        ]
    )
    nearest = [min(group, key=lambda each: each.typical) for group in grouped(found, _reading).values()]
    return _table(
        "assumptions",
        "The paper's pattern, by assumption",
        Column("assumption", "word"),
        nearest if len(nearest) > 1 else [],
        "To the letter of the paper but for one assumption, each model at its rate of Table 1 to the letter, "
        f"after the number of updates with the least typical factor: {_FACTOR}. Where a model has no such "
        f"option, or more than 50,000 parameters, its runs are those of the first row. {_NEAREST}",
    )


def _at_own_rates(runs: Sequence[Record], *stages: Stage) -> list[Record]:
    """The runs of these stages at the rate with which their model and size is reported to the letter."""
    rates = {
        where: _rate(setting.runs[0]) for where, setting in place_settings(runs, Stage.AS_PUBLISHED).items()
    }
    own = [run for stage in stages for run in runs_of(runs, stage) if _rate(run) == rates.get(place(run))]
    return list({run["id"]: run for run in own}.values())


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
