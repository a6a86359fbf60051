"""What the search selects for each model and size of the comparison, and how long its runs last."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import isinf
from statistics import median

from fastweights import registry
from fastweights.papers.ba2016.plan.spaces import space
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.analysis.runs import GOAL, Record, final_validation_error, outcome, updates_to
from fastweights.studies.plans import ended, seeded, select_best
from fastweights.studies.search import candidates
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

SEARCH_SEEDS = (0, 1)
_TABLE_SEEDS = range(10, 20)

FIGURE_SIZE = 50
_LARGE = 100
"""Above this many units an update takes so long that runs get a tenth of the updates."""

_SPREAD = 2.0
"""Seeds of the table whose errors differ by more than this factor get as many seeds once more."""


@dataclass(frozen=True)
class Selections:
    """Given the records that are known: one question to the plan."""

    models: Sequence[str]
    sizes: Sequence[int]
    seeds: int | None
    """Of each setting of the table; None for five, or ten where five differ."""
    sampler: str
    data: DataOptions
    shorten: int
    """Every number of updates is divided by it."""
    known: Mapping[str, Record]

    def candidates(self, model: str, size: int) -> list[RunSpecification]:
        base = self.with_budget(self.base(model, size), self.search_updates(size), points=20)
        return candidates(base, space(model), SEARCH_SEEDS, self.sampler, self.known)

    def best(self, model: str, size: int) -> RunSpecification | None:
        """The setting that the search selects; None while it is not over."""
        return select_best(self.candidates(model, size), self.known)

    def selections(self, sizes: Iterable[int]) -> Iterator[RunSpecification]:
        """What the search selects for each model and these sizes, as far as it is over."""
        for model, size in product(self.models, sizes):
            best = self.best(model, size)
            if best is not None:
                yield best

    def base(self, model: str, size: int) -> RunSpecification:
        return RunSpecification(
            AssociativeRetrieval(),
            model=model,
            hidden_size=size,
            cell=registry.cells[model].recommended(size),
            data=self.data,
        )

    def not_learned(self) -> Iterator[RunSpecification]:
        """Of the search's selections, those in which most seeds of the table did not come to 1 %."""
        for best in self.selections(self.sizes):
            table = self.of_table(best)
            if ended(table, self.known) and isinf(
                median(updates_to(self.known[run.identifier]) for run in table)
            ):
                yield best

    def search_updates(self, size: int) -> int:
        return 20_000 if size <= FIGURE_SIZE else 10_000

    def of_table(self, best: RunSpecification) -> list[RunSpecification]:
        """The runs of Table 1 in the selected setting: five, and as many again if these differ."""
        runs = self.final(best, _TABLE_SEEDS, self.seeds or 5)
        more = self.seeds is None and self.differ(runs)
        return self.final(best, _TABLE_SEEDS, 10) if more else runs

    def differ(self, runs: Sequence[RunSpecification]) -> bool:
        """Whether seeds have ended and say so little that more are needed, by their validation errors."""
        if not ended(runs, self.known):
            return False
        records = [self.known[run.identifier] for run in runs]
        if any(outcome(record) == "failed" for record in records):
            return True
        errors = [final_validation_error(record) for record in records]
        return max(errors) > max(GOAL, _SPREAD * min(errors))

    def final(self, run: RunSpecification, seeds: Sequence[int], count: int) -> list[RunSpecification]:
        """The runs that are reported: 100,000 updates, on fresh seeds."""
        updates = 100_000 if run.hidden_size <= _LARGE else 10_000
        return seeded(self.with_budget(run, updates), seeds[:count])

    def with_budget(self, run: RunSpecification, updates: int, points: int = 100) -> RunSpecification:
        """The run with so many updates, evaluated so many times."""
        updates = max(updates // self.shorten, points)
        training: TrainingOptions = replace(run.training, updates=updates, evaluate_every=updates // points)
        return replace(run, training=training)
