"""What the search selects for each model and size, by successive halving, and how long its runs last.

Three rungs, the same for every model and size, all by the last validation error:

1. short runs (20,000 updates, 10,000 above R = 50), with two seeds: a grid of twenty settings; its best with
   each of four weight decays; and, unless one of them is as good as it can be, with one seed, five more
   settings at each of seven rates, in which all options vary together;
2. of each rate the best, with one seed and all updates; then the best of these with each weight decay. A
   short run says little of either: a lower rate pays only in the end (Wu, Ren, Liao & Grosse 2018,
   arXiv:1803.02021), and so does what keeps a network from memorising its training data;
3. of all these the best three, with three more seeds, each with training data of its own. The lowest mean is
   selected. Where one of its options is at the edge of what was tried, the next value beyond is tried too.

A setting as good as it can be has at most two errors among 10,000 on average, at the end of its short runs.
It is reported after as few updates, as every setting is reported after as many as it was selected by.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from math import inf, log
from statistics import fmean
from typing import Any, TypeVar

from fastweights import registry
from fastweights.papers.ba2016.names import FIGURE_SIZE
from fastweights.papers.ba2016.plan.spaces import (
    DECAYS,
    RATE,
    RATES,
    WEIGHT_DECAY,
    Values,
    edge_settings,
    joint_settings,
    search_values,
    space,
)
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.analysis.runs import Record, final_validation_error, grouped, outcome
from fastweights.studies.overrides import override
from fastweights.studies.plans import ended, seeded, select_best
from fastweights.studies.search import candidates
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

_SEARCH_SEEDS = (0, 1)
_MORE_SEEDS = (1, 2, 3)
_TABLE_SEEDS = range(200, 210)
_FINALISTS = 3
_MOVES = 2
"""So often an optimum at the edge is followed beyond it."""
_AS_GOOD_AS_IT_CAN_BE = 0.0002


_Plan = TypeVar("_Plan", bound="Selections")
_Found = TypeVar("_Found")


def once(method: Callable[[_Plan, str, int], _Found]) -> Callable[[_Plan, str, int], _Found]:
    """A method of a model and a size, worked out once for the same records."""

    @wraps(method)
    def found(self: _Plan, model: str, size: int) -> _Found:
        key = method.__name__, model, size
        if key not in self.worked_out:
            self.worked_out[key] = method(self, model, size)
        return self.worked_out[key]

    return found


@dataclass(frozen=True)
class Selections:
    """Given the records that are known: one question to the plan."""

    models: Sequence[str]
    sizes: Sequence[int]
    seeds: int | None
    """Of each setting of the table; None for ten."""
    sampler: str
    data: DataOptions
    shorten: int
    """Every number of updates is divided by it."""
    known: Mapping[str, Record]
    worked_out: dict[tuple[str, str, int], Any] = field(default_factory=dict, init=False, repr=False)

    def base(self, model: str, size: int) -> RunSpecification:
        return RunSpecification(
            AssociativeRetrieval(),
            model=model,
            hidden_size=size,
            cell=registry.cells[model].recommended(size),
            data=self.data,
        )

    @once
    def grid(self, model: str, size: int) -> list[RunSpecification]:
        """The first rung's grid, or as many settings by TPE."""
        return candidates(self.short(model, size), space(model), _SEARCH_SEEDS, self.sampler, self.known)

    @once
    def grid_best(self, model: str, size: int) -> RunSpecification | None:
        """None while a run of the grid is missing; so below."""
        return select_best(self.grid(model, size), self.known)

    @once
    def decayed(self, model: str, size: int) -> list[RunSpecification]:
        """The grid's best with each weight decay that the grid lacks; none if it is as good as it can be."""
        best = self.grid_best(model, size)
        if best is None or self.solved(best):
            return []
        return [run for other in _with_other_decays(best) for run in seeded(other, _SEARCH_SEEDS)]

    @once
    def short_best(self, model: str, size: int) -> RunSpecification | None:
        """The best of both."""
        if self.grid_best(model, size) is None:
            return None
        return select_best([*self.grid(model, size), *self.decayed(model, size)], self.known)

    @once
    def joint(self, model: str, size: int) -> list[RunSpecification]:
        """The first rung's other settings; none if one of those before is as good as it can be."""
        best = self.short_best(model, size)
        if best is None or self.solved(best):
            return []
        return [override(self.short(model, size), setting) for setting in joint_settings(model)]

    @once
    def second_rung(self, model: str, size: int) -> list[RunSpecification]:
        """The best of each rate, with all updates, then the best of these with each weight decay."""
        joint = self.joint(model, size)
        if not joint or not ended(joint, self.known):
            return []
        short = [*self.grid(model, size), *self.decayed(model, size), *joint]
        rates = grouped(
            [run for run in short if run.seed == 0],
            lambda run: min(RATES, key=lambda rate: abs(log(run.training.learning_rate / rate))),
        )
        best = [self.whole(min(rates[rate], key=self.error)) for rate in RATES]
        lowest = self.lowest(best)
        others = [] if lowest is None else _with_other_decays(lowest)
        return [*best, *(run for run in others if run not in best)]

    @once
    def finals(self, model: str, size: int) -> list[list[RunSpecification]]:
        """The third rung: the seeds of each of the best three, then of those beyond the edges."""
        second = self.second_rung(model, size)
        if not second or not ended(second, self.known):
            return []
        finalists = sorted(second, key=self.error)[:_FINALISTS]
        settings = self.followed(finalists, search_values(model), _with_more_seeds)
        return list(map(_with_more_seeds, settings))

    @once
    def best(self, model: str, size: int) -> RunSpecification | None:
        """What is reported, with the first of the search's seeds; None while the search is not over."""
        short_best = self.short_best(model, size)
        if short_best is None or self.solved(short_best):
            return short_best
        finals = self.finals(model, size)
        if not finals or not all(ended(seeds, self.known) for seeds in finals):
            return None
        return min(finals, key=self.mean_error)[0]

    def of_table(self, best: RunSpecification) -> list[RunSpecification]:
        """The runs that are reported: fresh seeds, each with data of its own."""
        return with_own_data(best, _TABLE_SEEDS[: self.seeds or 10])

    def solved(self, short_best: RunSpecification) -> bool:
        """Whether a setting is as good as it can be after its short runs."""
        return self.mean_error(seeded(short_best, _SEARCH_SEEDS)) <= _AS_GOOD_AS_IT_CAN_BE

    def lowest(self, tried: Sequence[RunSpecification]) -> RunSpecification | None:
        """The one of the lowest validation error; None before all have ended."""
        return min(tried, key=self.error) if ended(tried, self.known) else None

    def error(self, run: RunSpecification) -> float:
        """The last validation error; infinite if the run failed."""
        record = self.known[run.identifier]
        return final_validation_error(record) if outcome(record) == "finished" else inf

    def with_rates_beyond(self, tried: Sequence[RunSpecification]) -> list[RunSpecification]:
        """Those tried, which differ in their rates, and those beyond these."""
        rates = [run.training.learning_rate for run in tried]
        return self.followed(tried, {RATE: rates}, lambda setting: [setting])

    def followed(
        self,
        tried: Sequence[RunSpecification],
        values: Mapping[str, Values],
        runs: Callable[[RunSpecification], list[RunSpecification]],
    ) -> list[RunSpecification]:
        """The settings tried, which are judged by these runs of theirs; while an option of the best is at the
        edge of its values, the best with the next beyond, too."""
        settings = list(tried)
        for _ in range(_MOVES):
            if not all(ended(runs(setting), self.known) for setting in settings):
                break
            best = min(settings, key=lambda setting: self.mean_error(runs(setting)))
            settings += [run for run in edge_settings(best, values) if run not in settings]
        return settings

    def mean_error(self, runs: Sequence[RunSpecification]) -> float:
        return fmean(map(self.error, runs))

    def short(self, model: str, size: int) -> RunSpecification:
        updates = 20_000 if size <= FIGURE_SIZE else 10_000
        return self.with_budget(self.base(model, size), updates, points=20)

    def whole(self, run: RunSpecification) -> RunSpecification:
        return self.with_budget(run, 100_000)

    def with_budget(self, run: RunSpecification, updates: int, points: int = 100) -> RunSpecification:
        """The run with so many updates, evaluated so many times."""
        updates = max(updates // self.shorten, points)
        training: TrainingOptions = replace(run.training, updates=updates, evaluate_every=updates // points)
        return replace(run, training=training)


def with_own_data(run: RunSpecification, seeds: Iterable[int]) -> list[RunSpecification]:
    """The run with each seed, also of its data: training sets differ more than weights."""
    return [replace(run, seed=seed, data=replace(run.data, seed=seed)) for seed in seeds]


def _with_other_decays(setting: RunSpecification) -> list[RunSpecification]:
    return [
        override(setting, {WEIGHT_DECAY: decay}) for decay in DECAYS if decay != setting.training.weight_decay
    ]


def _with_more_seeds(setting: RunSpecification) -> list[RunSpecification]:
    return [setting, *with_own_data(setting, _MORE_SEEDS)]
