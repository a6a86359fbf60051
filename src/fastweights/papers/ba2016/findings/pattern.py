"""How near errors come to the paper's pattern: failures at the floor where it has them, and none where it has
none."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean, median

from fastweights.papers.ba2016.findings.readings import Place
from fastweights.papers.ba2016.findings.stages import place
from fastweights.papers.ba2016.findings.verdicts import log_odds
from fastweights.papers.ba2016.published import BA_2016
from fastweights.studies.analysis.runs import Record, grouped, outcome, validation_errors

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
