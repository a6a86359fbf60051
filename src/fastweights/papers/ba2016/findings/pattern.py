"""How near errors come to the paper's pattern, failures at the floor where it has them and none where it has
none: by rate, number of updates and assumption."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean, median

from fastweights.papers.ba2016.findings.readings import Place
from fastweights.papers.ba2016.findings.stages import place, place_settings, runs_of, tagged
from fastweights.papers.ba2016.findings.verdicts import log_odds
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.published import BA_2016
from fastweights.report.labels import decimal
from fastweights.studies.analysis.runs import Record, grouped, outcome, validation_errors

NONE_CHANGED = "none changed"
"""The reading without an assumption."""
_TRIED = Stage.PATTERN, Stage.LETTER_SEARCH
UPDATES = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""After how many updates errors are compared."""


@dataclass(frozen=True)
class Pattern:
    """The validation errors of one reading of the paper, after so many updates."""

    reading: str
    updates: int
    errors: Mapping[Place, Sequence[float]]
    """One of each seed."""

    @cached_property
    def factors(self) -> Mapping[Place, float]:
        """By which the odds of the median and of the paper's error differ, 1 or more."""
        return {
            where: math.exp(abs(log_odds(median(ours)) - log_odds(BA_2016.test_errors[where] / 100)))
            for where, ours in self.errors.items()
        }

    @property
    def typical(self) -> float:
        """The geometric mean of the factors."""
        return math.exp(fmean(map(math.log, self.factors.values())))

    @property
    def farthest(self) -> Place:
        """Where the factor is largest."""
        return max(self.factors, key=lambda where: self.factors[where])


def patterns(reading: str, runs: Iterable[Record]) -> list[Pattern]:
    """Of runs at a constant rate, which are also every shorter run."""
    curves = {
        where: list(map(_errors, those))
        for where, those in grouped(runs, place).items()
        if where in BA_2016.test_errors
    }
    found = []
    for updates in UPDATES:
        errors = {
            where: [curve[updates] for curve in those if updates in curve] for where, those in curves.items()
        }
        if errors := {where: ours for where, ours in errors.items() if ours}:
            found.append(Pattern(reading, updates, errors))
    return found


def _errors(run: Record) -> dict[int, float]:
    """The validation error by update; a run that has failed answers nothing: it guesses, as for a verdict."""
    lost = UPDATES if outcome(run) == "failed" else ()
    planned = run["specification"]["training"]["updates"]
    return {**{at: run["floor"] for at in lost if at <= planned}, **validation_errors(run)}


def comparable(found: Sequence[Pattern]) -> list[Pattern]:
    """With the models and sizes that all have: over different ones, typical factors say nothing of the
    reading."""
    common = set.intersection(*(set(pattern.errors) for pattern in found)) if found else set()
    if not common:
        return []
    return [
        replace(pattern, errors={where: ours for where, ours in pattern.errors.items() if where in common})
        for pattern in found
    ]


def by_rate(runs: Sequence[Record]) -> list[Pattern]:
    """Of the paper's choices, each rate after each number of updates; last, each model's own best rate."""
    beyond = set(map(_rate, runs_of(runs, Stage.LETTER_SEARCH)))  # tried for some models only
    letters = [*runs_of(runs, Stage.AS_PUBLISHED), *runs_of(runs, Stage.PATTERN)]
    rates = grouped([run for run in letters if _rate(run) not in beyond], _rate)
    found = [pattern for rate in sorted(rates) for pattern in patterns(decimal(rate), rates[rate])]
    own = _at_own_rates(runs, Stage.AS_PUBLISHED, *_TRIED)
    if set(map(place, letters)) == set(map(place, own)) and len(set(map(_rate, own))) > 1:
        found += patterns("each model's best", own)
    return comparable(found)


def by_assumption(runs: Sequence[Record]) -> list[Pattern]:
    """Of the paper's choices but for one assumption, each after the number of updates that is nearest; first,
    with none changed. Empty before an assumption has all of its runs."""
    found = comparable(
        [
            pattern
            for name, those in _assumed(runs, _at_own_rates(runs, *_TRIED))
            for pattern in patterns(name, those)
        ]
    )
    rows = [nearest(group) for group in grouped(found, lambda pattern: pattern.reading).values()]
    return rows if len(rows) > 1 else []


def nearest(rows: Iterable[Pattern]) -> Pattern:
    """The one with the least typical factor."""
    return min(rows, key=lambda row: row.typical)


def _at_own_rates(runs: Sequence[Record], *stages: Stage) -> list[Record]:
    """The runs of these stages at the rate with which their model and size is reported to the letter."""
    rates = {
        where: _rate(setting.runs[0]) for where, setting in place_settings(runs, Stage.AS_PUBLISHED).items()
    }
    own = [run for stage in stages for run in runs_of(runs, stage) if _rate(run) == rates.get(place(run))]
    return list({run["id"]: run for run in own}.values())


def _assumed(runs: Sequence[Record], usual: Sequence[Record]) -> Iterator[tuple[str, Sequence[Record]]]:
    """By assumption whose runs have all ended, the runs of all models and sizes; those of models that it does
    not concern are as the paper is read."""
    yield NONE_CHANGED, usual
    changed = [pair for pair in tagged(runs, Stage.ASSUMPTIONS) if "assumption" in pair[0]]
    for name, pairs in grouped(changed, lambda pair: pair[0]["assumption"]).items():
        if all(outcome(run) in ("finished", "failed") for _, run in pairs):
            own = {place(run): run for _, run in pairs}
            yield name, [own.get(place(run), run) for run in usual]


def _rate(run: Record) -> float:
    return run["specification"]["training"]["learning_rate"]
