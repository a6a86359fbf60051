"""Which runs each stage of the verification asks for, given the results that are known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

from fastweights import registry
from fastweights.papers.ba2016.names import EMBEDDING, RATE, WEIGHT_DECAY, Alternative, Stage
from fastweights.papers.ba2016.plan.ablations import PAPERS, decays_and_write_rates, variants
from fastweights.papers.ba2016.plan.alternatives import EMBEDDINGS, WEIGHT_DECAYS, lower_rates
from fastweights.papers.ba2016.plan.matched import Measure, largest, num_parameters, state_size
from fastweights.papers.ba2016.plan.selections import FIGURE_SIZE, SEARCH_SEEDS, Selections
from fastweights.papers.ba2016.plan.spaces import LEARNING_RATE
from fastweights.runs.specification import RunSpecification
from fastweights.studies.overrides import Overrides, override
from fastweights.studies.plans import Planned, Tags, seeded, select_best

MODELS = ("irnn", "lstm", "associative-lstm", "fast-weights")
_FIGURE_UPDATES = 700_000

# Every stage has seeds of its own: what selects is never what is reported.
_FIGURE_SEEDS, _ABLATION_SEEDS, _AS_PUBLISHED_SEEDS, _INITIALISATION_SEEDS, _MATCHED_SEEDS = (
    range(first, first + 10) for first in (20, 30, 40, 50, 60)
)
_LONGER_SEEDS, _REGULARISATION_SEEDS, _RATE_SEEDS, _DATA_SEEDS = (
    range(first, first + 10) for first in (70, 80, 90, 100)
)


@dataclass(frozen=True)
class Stages(Selections):
    """What each stage asks for."""

    chosen: Sequence[Stage]
    """All if empty."""

    def runs(self) -> Iterator[Planned]:
        """The runs of the chosen stages, and of those that they rest on."""
        chosen = set(self.chosen or STAGES)
        for stage, (_, selecting) in reversed(STAGES.items()):  # what another rests on stands before it
            if stage in chosen and selecting is not None:
                chosen.add(selecting)
        for stage, (plan, _) in STAGES.items():
            if stage in chosen:
                yield from plan(self)

    def search(self) -> Iterator[Planned]:
        for model, size in product(self.models, self.sizes):
            yield from _tagged(Stage.SEARCH, self.candidates(model, size))

    def table(self) -> Iterator[Planned]:
        for best in self.selections(self.sizes):
            yield from _tagged(Stage.TABLE, self.of_table(best))

    def figure_2(self) -> Iterator[Planned]:
        """The paper's 700,000 updates, at Adam's own rate, kept constant: the axis is updates, and a schedule
        would bend it."""
        for best in self.selections(size for size in self.sizes if size == FIGURE_SIZE):
            long = self.with_budget(best, _FIGURE_UPDATES, points=140)
            training = replace(long.training, learning_rate=1e-3, schedule="constant", test_curve=True)
            seeds = _FIGURE_SEEDS[: self.seeds or 3]
            yield from _tagged(Stage.FIGURE_2, seeded(replace(long, training=training), seeds))

    def ablations(self) -> Iterator[Planned]:
        for model in self.models:
            base = self.with_budget(self.base(model, FIGURE_SIZE), 20_000, points=80)
            for choice, value, run in variants(base):
                tags = {"choice": choice, "value": value}
                yield from _tagged(Stage.ABLATIONS, seeded(run, _ABLATION_SEEDS[:3]), tags)

    def heat_map(self) -> Iterator[Planned]:
        if "fast-weights" in self.models:
            base = self.with_budget(self.base("fast-weights", FIGURE_SIZE), 10_000, points=40)
            for run in decays_and_write_rates(base):
                yield from _tagged(Stage.HEAT_MAP, seeded(run, _ABLATION_SEEDS[:3]))

    def as_published(self) -> Iterator[Planned]:
        """The paper's own choices where it reports failures; it does not state a rate, so Adam's default."""
        for model, size in product(self.models, (size for size in self.sizes if size <= FIGURE_SIZE)):
            options = registry.cells[model].Options
            cell = options(norm_bias=0.0) if model == "fast-weights" else options()
            run = self.with_budget(replace(self.base(model, size), cell=cell), 100_000)
            training = replace(run.training, learning_rate=1e-3, schedule="constant", clip_norm=0.0)
            run = override(replace(run, training=training), PAPERS)
            yield from _tagged(Stage.AS_PUBLISHED, seeded(run, _AS_PUBLISHED_SEEDS[:3]))

    def initialisation(self) -> Iterator[Planned]:
        """The embedding."""
        for best in self.selections(self.sizes):
            yield from self.alternatives(EMBEDDING, best, EMBEDDINGS, _INITIALISATION_SEEDS)

    def regularisation(self) -> Iterator[Planned]:
        """Weight decay."""
        for best in self.selections(self.sizes):
            yield from self.alternatives(WEIGHT_DECAY, best, WEIGHT_DECAYS, _REGULARISATION_SEEDS)

    def longer(self) -> Iterator[Planned]:
        """As many updates as Figure 2 has."""
        for best in self.not_learned():
            long = self.with_budget(best, _FIGURE_UPDATES)
            yield from _tagged(Stage.LONGER, seeded(long, _LONGER_SEEDS[:3]))

    def rates(self) -> Iterator[Planned]:
        """Lower learning rates, over as many updates as the table has."""
        for best in self.not_learned():
            yield from self.alternatives(RATE, *self.whole_and_rates(best), _RATE_SEEDS)

    def more_data(self) -> Iterator[Planned]:
        """Ten times the training sequences, at the best of these rates."""
        for best in self.not_learned():
            whole, rates = self.whole_and_rates(best)
            tried = (seeded(override(whole, overrides), SEARCH_SEEDS) for overrides in rates.values())
            winner = select_best(list(chain(*tried)), self.known)
            if winner is not None:
                more = override(winner, {"data.train": 10 * winner.data.train})
                yield from _tagged(Stage.DATA, self.final(more, _DATA_SEEDS, 3))

    def whole_and_rates(self, best: RunSpecification) -> tuple[RunSpecification, Mapping[str, Overrides]]:
        """The selected setting over the table's updates, and the rates to try there."""
        (whole,) = self.final(best, [best.seed], 1)
        return whole, lower_rates(whole.training.learning_rate)

    def alternatives(
        self,
        alternative: Alternative,
        best: RunSpecification,
        values: Mapping[str, Overrides],
        seeds: Sequence[int],
    ) -> Iterator[Planned]:
        """Around the search's own; where another wins, fresh seeds of it."""
        tried = []
        for name, overrides in values.items():
            runs = seeded(override(best, overrides), SEARCH_SEEDS)
            yield from _tagged(alternative.stage, runs, {alternative.tag: name})
            tried += runs
        winner = select_best(tried, self.known)
        if winner is not None and winner != best:
            yield from _tagged(alternative.best_stage, self.final(winner, seeds, 3))

    def matched(self) -> Iterator[Planned]:
        """As many parameters as fast weights have at the table's sizes; a state as large as an IRNN's there,
        and as that of fast weights at the smallest."""
        fast = [self.base("fast-weights", size) for size in self.sizes]
        plain = [self.base("irnn", size) for size in self.sizes]
        measured: list[tuple[str, Measure, RunSpecification]] = [
            *(("parameters", num_parameters, run) for run in fast),
            *(("state", state_size, run) for run in [*plain, min(fast, key=state_size)]),
        ]
        for model in self.models:
            for criterion, measure, like in measured:
                tags = {"criterion": criterion, "budget": measure(like)}
                sized = largest(self.base(model, like.hidden_size), measure, measure(like))
                if sized is not None:
                    yield from self.matched_cell(model, sized.hidden_size, tags)

    def matched_cell(self, model: str, size: int, tags: Tags) -> Iterator[Planned]:
        best = self.best(model, min(self.sizes, key=lambda known: abs(known - size)))
        if best is None:
            return
        if size in self.sizes:
            yield from _tagged(Stage.MATCHED, self.of_table(best), tags)
            return
        setting = self.with_budget(replace(best, hidden_size=size), self.search_updates(size), points=20)
        rates = [override(setting, {LEARNING_RATE.place: rate, "seed": 0}) for rate in LEARNING_RATE.values]
        yield from _tagged(Stage.MATCHED_SEARCH, rates, tags)
        winner = select_best(rates, self.known)
        if winner is not None:
            yield from _tagged(Stage.MATCHED, self.final(winner, _MATCHED_SEEDS, 3), tags)


def _tagged(stage: Stage, runs: Sequence[RunSpecification], tags: Tags | None = None) -> Iterator[Planned]:
    return (Planned(run, {"part": stage, **(tags or {})}) for run in runs)


STAGES: dict[Stage, tuple[Callable[[Stages], Iterator[Planned]], Stage | None]] = {
    Stage.SEARCH: (Stages.search, None),
    Stage.TABLE: (Stages.table, Stage.SEARCH),
    Stage.FIGURE_2: (Stages.figure_2, Stage.SEARCH),
    Stage.ABLATIONS: (Stages.ablations, None),
    Stage.HEAT_MAP: (Stages.heat_map, None),
    Stage.AS_PUBLISHED: (Stages.as_published, None),
    Stage.INITIALISATION: (Stages.initialisation, Stage.SEARCH),
    Stage.REGULARISATION: (Stages.regularisation, Stage.SEARCH),
    Stage.LONGER: (Stages.longer, Stage.TABLE),
    Stage.RATES: (Stages.rates, Stage.TABLE),
    Stage.DATA: (Stages.more_data, Stage.RATES),
    Stage.MATCHED: (Stages.matched, Stage.SEARCH),
}
"""Those that can be chosen: what each asks for, and the stage that selects for it or says whether it is
needed, which is run too. The other stages belong to these."""
