"""Section 4.1 of Ba et al. 2016 in full: search, table, Figure 2, and what the comparison leaves open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastweights import registry
from fastweights.errors import check, check_choice
from fastweights.papers.ba2016.plan.ablations import (
    PAPERS,
    Changes,
    changed,
    decays_and_write_rates,
    variants,
)
from fastweights.papers.ba2016.plan.alternatives import EMBEDDINGS, WEIGHT_DECAYS, lower_rates
from fastweights.papers.ba2016.plan.matched import Measure, largest, num_parameters, state_size
from fastweights.papers.ba2016.plan.selections import FIGURE_SIZE, SEARCH_SEEDS, Selections
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.analysis.runs import Record
from fastweights.studies.plans import Choice, Plan, Planned, Role, seeded, selected
from fastweights.studies.presets import Preset
from fastweights.studies.search import LEARNING_RATE, SAMPLERS, with_values

MODELS = ("irnn", "lstm", "associative-lstm", "fast-weights")
PARTS = (
    "search",
    "table",
    "figure-2",
    "ablations",
    "heat-map",
    "letter",
    "initialisation",
    "regularisation",
    "longer",
    "rates",
    "data",
    "matched",
)
# What selects for a part, or says whether it is needed, is run too.
_RESTING_ON = {
    "table": "search",
    "figure-2": "search",
    "initialisation": "search",
    "regularisation": "search",
    "longer": "table",
    "rates": "table",
    "data": "rates",
    "matched": "search",
}
_FIGURE_UPDATES = 700_000

# Every part has seeds of its own: what selects is never what is reported.
_FIGURE_SEEDS, _ABLATION_SEEDS, _LETTER_SEEDS = (range(first, first + 10) for first in (20, 30, 40))
_INITIALISATION_SEEDS, _MATCHED_SEEDS, _LONGER_SEEDS, _REGULARISATION_SEEDS, _RATE_SEEDS, _DATA_SEEDS = (
    range(first, first + 10) for first in (50, 60, 70, 80, 90, 100)
)


@dataclass(frozen=True)
class Comparison(Preset):
    """The whole comparison. `shorten` divides every number of updates: for trials of the study itself."""

    summary: str
    sizes: Sequence[int] = (20, 50, 100)
    data: DataOptions = DataOptions()
    shorten: int = 1

    def plan(self, choice: Choice) -> Plan:
        """The runs that can be named so far; those of a later part when what selects its settings has ended.

        `choice.seeds` replaces the number of seeds of the table and of Figure 2; parts that a chosen part
        rests on are run too.
        Raises: InvalidValueError or UnknownNameError for what is unknown or out of range.
        """
        check(choice.seeds is None or choice.seeds >= 1, f"seeds must be at least 1; got {choice.seeds}")
        check(choice.seeds is None or choice.seeds <= 10, f"seeds must be at most 10; got {choice.seeds}")
        check(choice.task is None, f"the preset of a paper has the paper's task; got {choice.task}")
        check_choice("sampler", choice.sampler, SAMPLERS)
        for part in choice.parts:
            check_choice("part", part, PARTS)
        for model in choice.models:
            registry.cells[model]
        models = tuple(dict.fromkeys(choice.models or MODELS))
        sizes = tuple(dict.fromkeys(choice.hidden_sizes or self.sizes))

        def plan(known: Mapping[str, Record]) -> list[Planned]:
            asked = models, sizes, choice.seeds, choice.sampler, self.data, self.shorten, known
            return list(_Parts(*asked, chosen=choice.parts).runs())

        return plan

    def after(self, folder: Path, results: Mapping[str, Any]) -> None:
        """Write what the trained networks of the table do with a few sequences, for the report's figures."""
        from fastweights.papers.ba2016.plan.inspect_networks import inspect_networks

        inspect_networks(folder, results)


PAPER = Comparison(
    summary="section 4.1 in full: search, fresh seeds, Figure 2, ablations: a day on two cores",
)
PAPER_SMOKE = Comparison(
    summary="every part of the paper preset with a thousandth of its updates, for tests",
    sizes=(20, 50),
    data=DataOptions(train=20_000, validation=1_000, test=2_000),
    shorten=1_000,
)


@dataclass(frozen=True)
class _Parts(Selections):
    """What each part asks for."""

    chosen: Sequence[str]
    """Parts, all if empty."""

    def runs(self) -> Iterator[Planned]:
        parts = {
            "search": self.search,
            "table": self.table,
            "figure-2": self.figure_2,
            "ablations": self.ablations,
            "heat-map": self.heat_map,
            "letter": self.letter,
            "initialisation": self.initialisation,
            "regularisation": self.regularisation,
            "longer": self.longer,
            "rates": self.rates,
            "data": self.more_data,
            "matched": self.matched,
        }
        chosen = set(self.chosen or PARTS)
        for part in PARTS[::-1]:  # what another rests on stands before it
            if part in chosen and part in _RESTING_ON:
                chosen.add(_RESTING_ON[part])
        for name, part in parts.items():
            if name in chosen:
                yield from part()

    def search(self) -> Iterator[Planned]:
        for model in self.models:
            for size in self.sizes:
                yield from _planned({"part": "search"}, self.candidates(model, size))

    def table(self) -> Iterator[Planned]:
        for best in self.selections(self.sizes):
            yield from _planned({"part": "table"}, self.of_table(best))

    def figure_2(self) -> Iterator[Planned]:
        """The paper's 700,000 updates, at Adam's own rate, kept constant: the axis is updates, and a schedule
        would bend it."""
        for best in self.selections(size for size in self.sizes if size == FIGURE_SIZE):
            long = self.lasting(best, _FIGURE_UPDATES, points=140)
            training = replace(long.training, learning_rate=1e-3, schedule="constant", test_curve=True)
            seeds = _FIGURE_SEEDS[: self.seeds or 3]
            yield from _planned({"part": "figure-2"}, seeded(replace(long, training=training), seeds))

    def ablations(self) -> Iterator[Planned]:
        for model in self.models:
            base = self.lasting(self.base(model, FIGURE_SIZE), 20_000, points=80)
            for factor, value, run in variants(base):
                role = {"part": "ablations", "choice": factor, "value": value}
                yield from _planned(role, seeded(run, _ABLATION_SEEDS[:3]))

    def heat_map(self) -> Iterator[Planned]:
        if "fast-weights" in self.models:
            base = self.lasting(self.base("fast-weights", FIGURE_SIZE), 10_000, points=40)
            for run in decays_and_write_rates(base):
                yield from _planned({"part": "heat-map"}, seeded(run, _ABLATION_SEEDS[:3]))

    def letter(self) -> Iterator[Planned]:
        """What the paper says, to the letter, where it reports failures; its rate is unknown: so Adam's."""
        for model in self.models:
            for size in self.sizes:
                if size <= FIGURE_SIZE:
                    options = registry.cells[model].Options
                    cell = options(norm_bias=0.0) if model == "fast-weights" else options()
                    run = self.lasting(replace(self.base(model, size), cell=cell), 100_000)
                    training = replace(run.training, learning_rate=1e-3, schedule="constant", clip_norm=0.0)
                    run = changed(replace(run, training=training), PAPERS)
                    yield from _planned({"part": "letter"}, seeded(run, _LETTER_SEEDS[:3]))

    def initialisation(self) -> Iterator[Planned]:
        """The embedding."""
        for best in self.selections(self.sizes):
            yield from self.alternatives(
                "initialisation", "embedding", best, EMBEDDINGS, _INITIALISATION_SEEDS
            )

    def regularisation(self) -> Iterator[Planned]:
        """Weight decay."""
        for best in self.selections(self.sizes):
            yield from self.alternatives(
                "regularisation", "weight_decay", best, WEIGHT_DECAYS, _REGULARISATION_SEEDS
            )

    def longer(self) -> Iterator[Planned]:
        """As many updates as Figure 2 has."""
        for best in self.not_learned():
            long = self.lasting(best, _FIGURE_UPDATES)
            yield from _planned({"part": "longer"}, seeded(long, _LONGER_SEEDS[:3]))

    def rates(self) -> Iterator[Planned]:
        """Lower learning rates, over as many updates as the table has."""
        for best in self.not_learned():
            yield from self.alternatives("rates", "rate", *self.whole_and_rates(best), _RATE_SEEDS)

    def more_data(self) -> Iterator[Planned]:
        """Ten times the training sequences, at the best of these rates."""
        for best in self.not_learned():
            whole, rates = self.whole_and_rates(best)
            tried = [
                run for changes in rates.values() for run in seeded(changed(whole, changes), SEARCH_SEEDS)
            ]
            winner = selected(tried, self.known)
            if winner is not None:
                more = changed(winner, {"data.train": 10 * winner.data.train})
                yield from _planned({"part": "data"}, self.final(more, _DATA_SEEDS, 3))

    def whole_and_rates(self, best: RunSpecification) -> tuple[RunSpecification, Mapping[str, Changes]]:
        """The selected setting over the table's updates, and the rates to try there."""
        (whole,) = self.final(best, [best.seed], 1)
        return whole, lower_rates(whole.training.learning_rate)

    def alternatives(
        self,
        part: str,
        what: str,
        best: RunSpecification,
        values: Mapping[str, Changes],
        seeds: Sequence[int],
    ) -> Iterator[Planned]:
        """Around the search's own; where another wins, fresh seeds of it."""
        tried = []
        for name, changes in values.items():
            runs = seeded(changed(best, changes), SEARCH_SEEDS)
            yield from _planned({"part": part, what: name}, runs)
            tried += runs
        winner = selected(tried, self.known)
        if winner is not None and winner != best:
            yield from _planned({"part": f"best-{part}"}, self.final(winner, seeds, 3))

    def matched(self) -> Iterator[Planned]:
        """As many parameters as fast weights have at the table's sizes; a state as large as an IRNN's there,
        and as that of fast weights at the smallest."""
        fast = [self.base("fast-weights", size) for size in self.sizes]
        plain = [self.base("irnn", size) for size in self.sizes]
        measured: list[tuple[str, Measure, RunSpecification]] = [
            *(("parameters", num_parameters, each) for each in fast),
            *(("state", state_size, each) for each in [*plain, min(fast, key=state_size)]),
        ]
        for model in self.models:
            for criterion, measure, like in measured:
                role = {"criterion": criterion, "budget": measure(like)}
                sized = largest(self.base(model, like.hidden_size), measure, measure(like))
                if sized is not None:
                    yield from self.matched_cell(model, sized.hidden_size, role)

    def matched_cell(self, model: str, size: int, role: Role) -> Iterator[Planned]:
        best = self.best(model, min(self.sizes, key=lambda each: abs(each - size)))
        if best is None:
            return
        if size in self.sizes:
            yield from _planned({"part": "matched", **role}, self.of_table(best))
            return
        setting = self.lasting(replace(best, hidden_size=size), self.search_updates(size), points=20)
        rates = [replace(with_values(setting, {"learning_rate": r}), seed=0) for r in LEARNING_RATE.grid]
        yield from _planned({"part": "matched-search", **role}, rates)
        winner = selected(rates, self.known)
        if winner is not None:
            yield from _planned({"part": "matched", **role}, self.final(winner, _MATCHED_SEEDS, 3))


def _planned(role: Role, runs: Sequence[RunSpecification]) -> Iterator[Planned]:
    return (Planned(run, role) for run in runs)
