"""Presets: named studies. A preset says which runs answer a question."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from fastweights import registry
from fastweights.errors import UnknownNameError, check, check_choice
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.papers import paper_of, papers
from fastweights.studies.plans import Choice, Plan, fixed
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Task
from fastweights.training.options import TrainingOptions


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
        return fixed(self.specifications(choice.models, choice.hidden_sizes, choice.seeds, choice.task))

    def specifications(
        self,
        models: Sequence[str] | None = None,
        hidden_sizes: Sequence[int] | None = None,
        seeds: int | None = None,
        task: Task | None = None,
    ) -> list[RunSpecification]:
        """The runs, models within sizes; arguments that are given replace the preset's own.

        Raises: UnknownNameError or InvalidValueError for unknown models and numbers out of range.
        """
        seeds = 1 if seeds is None else seeds
        check(seeds >= 1, f"seeds must be at least 1; got {seeds}")
        grid = product(_unique(hidden_sizes or self.sizes), _unique(models or self.models), range(seeds))
        return [
            RunSpecification(
                task=task or self.task,
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
            for size, model, seed in grid
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


def _unique(values: Iterable) -> list:
    return list(dict.fromkeys(values))
