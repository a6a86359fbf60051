"""Presets: named studies. A preset says which runs answer a question, by a plan.

A plan is asked again whenever all that it asked for has ended, so that later runs can depend on the
results of earlier ones, and a study that was interrupted needs nothing but its record.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from fastweights import registry
from fastweights.errors import UnknownNameError, check, check_choice
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.analysis.runs import Record, outcome
from fastweights.studies.analysis.settings import Selection
from fastweights.studies.papers import paper_of, papers
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Task
from fastweights.training.options import TrainingOptions

Tags = Mapping[str, str | float]
"""Why a run is there: `part`, the stage of the study that it belongs to, and what tells it apart there."""


@dataclass(frozen=True)
class Planned:
    """A run, and its tags in the study."""

    specification: RunSpecification
    tags: Tags


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


class Preset(ABC):
    """A named study."""

    summary: str
    """One line."""

    @abstractmethod
    def plan(self, choice: Choice) -> Plan:
        """Its runs, as far as the choice leaves them.

        Raises: UnknownNameError or InvalidValueError for what is unknown, out of range or not of this preset.
        """

    def after(self, folder: Path, results: Mapping[str, Any]) -> None:
        """What follows once its runs have ended, in the study's folder; by default nothing.

        `results` is the content of results.json. Called also if nothing was left to run.
        """
        del folder, results


@dataclass(frozen=True)
class GridPreset(Preset):
    """A grid over models, sizes and seeds: Adam with a cosine schedule."""

    summary: str
    updates: Callable[[int], int]
    """The budget of every model at a hidden size."""
    learning_rate: float = 1.25e-3
    data: DataOptions = DataOptions()
    models: Sequence[str] = ("irnn", "lstm", "fast-weights")
    sizes: Sequence[int] = (20, 50, 100)
    evaluate_every: int = 500
    task: Task = AssociativeRetrieval()

    def plan(self, choice: Choice) -> Plan:
        check(not choice.parts, f"this preset has no parts; got {', '.join(choice.parts)}")
        check_choice("sampler", choice.sampler, ("grid",))
        return fixed(self.specifications(choice))

    def specifications(self, choice: Choice) -> list[RunSpecification]:
        """The runs, models within sizes; what is chosen replaces the preset's own.

        Raises: UnknownNameError or InvalidValueError for unknown models and numbers out of range.
        """
        seeds = 1 if choice.seeds is None else choice.seeds
        check(seeds >= 1, f"seeds must be at least 1; got {seeds}")
        sizes = dict.fromkeys(choice.hidden_sizes or self.sizes)
        models = dict.fromkeys(choice.models or self.models)
        return [
            RunSpecification(
                task=choice.task or self.task,
                model=model,
                hidden_size=size,
                cell=registry.cells[model].recommended(size),
                training=TrainingOptions(
                    updates=self.updates(size),
                    learning_rate=self.learning_rate,
                    schedule="cosine",
                    evaluate_every=self.evaluate_every,
                ),
                data=self.data,
                seed=seed,
            )
            for size, model, seed in product(sizes, models, range(seeds))
        ]


_OWN: dict[str, Preset] = {
    "smoke": GridPreset(
        summary="three small runs on little data, for tests: half a minute",
        updates=lambda hidden_size: 300,
        data=DataOptions(train=10_000, validation=1_000, test=2_000),
        sizes=(20,),
        evaluate_every=100,
    ),
}


def preset_names() -> list[str]:
    """The papers' presets, then those that belong to none."""
    return [*(name for paper in papers() for name in paper.presets), *_OWN]


def get_preset(name: str) -> Preset:
    """The preset of that name. Raises UnknownNameError."""
    paper = paper_of(name)
    if paper is not None:
        return paper.preset(name)
    if name not in _OWN:
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {', '.join(preset_names())}")
    return _OWN[name]


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
