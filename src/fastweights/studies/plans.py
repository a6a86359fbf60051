"""Plans: which runs answer a question.

A plan is asked again whenever a worker would be idle, or go on to a later step than that of a run that has
ended, so that later runs can depend on the results of earlier ones, and a study that was interrupted needs
nothing but its record.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fastweights.runs.specification import RunSpecification
from fastweights.studies.analysis.runs import Record, outcome
from fastweights.studies.analysis.selections import Selection
from fastweights.tasks.base import Task

Tags = Mapping[str, str | float]
"""Why a run is there: `part`, the stage of the study that it belongs to, and what tells it apart there."""


@dataclass(frozen=True)
class Planned:
    """A run, and its tags in the study."""

    specification: RunSpecification
    tags: Tags
    goal: float | None = None
    """The validation error at which the task counts as learned; None for what is usual."""
    step: int = 0
    """Runs of earlier steps are trained first; those of one step the longest first."""


Plan = Callable[[Mapping[str, Record]], Sequence[Planned]]
"""All runs that can be named, given the records of those known, by identifier. The same records give the
same plan, and more records never a smaller one. A run can be planned several times, with different tags."""


@dataclass(frozen=True)
class Choice:
    """What a user changes of a preset's plan; what is empty stays as it is."""

    models: Sequence[str] = ()
    hidden_sizes: Sequence[int] = ()
    seeds: int | None = None
    parts: Sequence[str] = ()
    sampler: str = "grid"
    task: Task | None = None


def fixed(specifications: Sequence[RunSpecification]) -> Plan:
    """A plan of runs that are known beforehand; they have no tags."""
    planned = [Planned(specification, {}) for specification in specifications]
    return lambda known: planned


def seeded(base: RunSpecification, seeds: Iterable[int]) -> list[RunSpecification]:
    """The specification with each of these seeds."""
    return [replace(base, seed=seed) for seed in seeds]


def ended(runs: Iterable[RunSpecification], known: Mapping[str, Record]) -> bool:
    """Whether all of them have finished or failed."""
    records = [known.get(run.identifier) for run in runs]
    return all(record is not None and outcome(record) in ("finished", "failed") for record in records)


def select_best(
    candidates: Sequence[RunSpecification], known: Mapping[str, Record]
) -> RunSpecification | None:
    """Of settings with one or more seeds each, the one that validation selects, with the first of its seeds.

    The rules are those of `Selection.selected`; None as long as a candidate has not ended.
    """
    if not ended(candidates, known):
        return None
    tried = Selection([known[candidate.identifier] for candidate in candidates])
    return RunSpecification.from_json(tried.selected.runs[0]["specification"])
