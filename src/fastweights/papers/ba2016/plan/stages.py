"""The stages of the verification, in their order, and the runs that each asks for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from fastweights.papers.ba2016.names import FIGURE_SIZE, Stage
from fastweights.papers.ba2016.plan.ablations import decays_and_write_rates, variants
from fastweights.papers.ba2016.plan.matched import largest, num_parameters, state_size
from fastweights.papers.ba2016.plan.questions import FIGURE_UPDATES, Questions, tagged
from fastweights.papers.ba2016.plan.spaces import RATE, RATES
from fastweights.studies.overrides import override
from fastweights.studies.plans import Planned, Tags, seeded

MODELS = ("irnn", "lstm", "associative-lstm", "fast-weights")

# Every stage has seeds of its own: what selects is never what is reported.
_FIGURE_SEEDS, _ABLATION_SEEDS, _MATCHED_SEEDS = range(20, 23), range(30, 33), range(340, 345)


@dataclass(frozen=True)
class Stages(Questions):
    """All stages."""

    chosen: Sequence[Stage]
    """All if empty."""

    def runs(self) -> Iterator[Planned]:
        """The runs of the chosen stages, and of those that they rest on, step by step, so that what can be
        answered early is."""
        for step, (stage, place) in enumerate(self.steps()):
            plan, _ = STAGES[stage]
            yield from (replace(entry, step=step) for entry in plan(self, *place))

    def steps(self) -> Iterator[tuple[Stage, tuple[str, int]]]:
        """The table first, cell by cell; then the other stages in their order."""
        chosen = set(self.chosen or STAGES)
        for stage, (_, selecting) in reversed(STAGES.items()):  # what another rests on stands before it
            if stage in chosen:
                chosen.update(selecting)
        first = [Stage.SEARCH, Stage.HORIZON, Stage.TABLE]
        yield from ((stage, place) for place in self.places for stage in first if stage in chosen)
        others = [stage for stage in STAGES if stage in chosen and stage not in first]
        yield from product(others, self.places)

    def search(self, model: str, size: int) -> Iterator[Planned]:
        runs = [*self.grid(model, size), *self.decayed(model, size), *self.joint(model, size)]
        yield from tagged(Stage.SEARCH, runs)

    def horizon(self, model: str, size: int) -> Iterator[Planned]:
        yield from tagged(Stage.HORIZON, self.second_rung(model, size))
        for seeds in self.finals(model, size):
            yield from tagged(Stage.HORIZON, seeds, {"final": "yes"})

    def table(self, model: str, size: int) -> Iterator[Planned]:
        best = self.best(model, size)
        if best is not None:
            yield from tagged(Stage.TABLE, self.of_table(best))

    def figure_2(self, model: str, size: int) -> Iterator[Planned]:
        """The paper's 700,000 updates, at Adam's own rate, kept constant: the axis is updates, and a schedule
        would bend it. The other options are those that the grid of short runs selects."""
        best = self.grid_best(model, size)
        if size == FIGURE_SIZE and best is not None:
            long = self.with_budget(best, FIGURE_UPDATES, points=140)
            training = replace(long.training, learning_rate=1e-3, schedule="constant", test_curve=True)
            runs = seeded(replace(long, training=training), _FIGURE_SEEDS[: self.seeds or 3])
            yield from tagged(Stage.FIGURE_2, runs)

    def ablations(self, model: str, size: int) -> Iterator[Planned]:
        if size == FIGURE_SIZE:
            for choice, value, run in variants(self.with_budget(self.base(model, size), 20_000, points=80)):
                tags = {"choice": choice, "value": value}
                yield from tagged(Stage.ABLATIONS, seeded(run, _ABLATION_SEEDS), tags)

    def heat_map(self, model: str, size: int) -> Iterator[Planned]:
        if model == "fast-weights" and size == FIGURE_SIZE:
            base = self.with_budget(self.base(model, size), 10_000, points=40)
            for run in decays_and_write_rates(base):
                yield from tagged(Stage.HEAT_MAP, seeded(run, _ABLATION_SEEDS))

    def matched(self, model: str, size: int) -> Iterator[Planned]:
        """As many parameters as fast weights of this size have, and a state as large as an IRNN's."""
        for criterion, measure, like in (
            ("parameters", num_parameters, "fast-weights"),
            ("state", state_size, "irnn"),
        ):
            budget = measure(self.base(like, size))
            sized = largest(self.base(model, size), measure, budget)
            if sized is not None:
                yield from self.matched_cell(
                    model, sized.hidden_size, {"criterion": criterion, "budget": budget}
                )

    def matched_cell(self, model: str, size: int, tags: Tags) -> Iterator[Planned]:
        """The table's runs, or the selection at the nearest size, at the best of all rates."""
        best = self.best(model, min(self.sizes, key=lambda known: abs(known - size)))
        if best is None:
            return
        if size in self.sizes:
            yield from tagged(Stage.MATCHED, self.of_table(best), tags)
            return
        setting = self.whole(replace(best, hidden_size=size))
        tried = [override(setting, {RATE: rate}) for rate in RATES]
        yield from self.best_of(tried, Stage.MATCHED_SEARCH, Stage.MATCHED, _MATCHED_SEEDS, tags)


STAGES: dict[Stage, tuple[Callable[[Stages, str, int], Iterator[Planned]], Sequence[Stage]]] = {
    Stage.SEARCH: (Stages.search, ()),
    Stage.HORIZON: (Stages.horizon, [Stage.SEARCH]),
    Stage.TABLE: (Stages.table, [Stage.HORIZON]),
    Stage.PATTERN: (Stages.pattern, ()),
    Stage.AS_PUBLISHED: (Stages.as_published, [Stage.PATTERN]),
    Stage.DATA: (Stages.more_data, [Stage.TABLE, Stage.AS_PUBLISHED]),
    Stage.HEADS: (Stages.heads, [Stage.HORIZON]),
    Stage.AGAIN: (Stages.again, [Stage.TABLE]),
    Stage.ASSUMPTIONS: (Stages.assumptions, [Stage.AS_PUBLISHED]),
    Stage.LONGER: (Stages.longer, [Stage.DATA]),
    Stage.MATCHED: (Stages.matched, [Stage.TABLE]),
    Stage.FIGURE_2: (Stages.figure_2, [Stage.SEARCH]),
    Stage.ABLATIONS: (Stages.ablations, ()),
    Stage.HEAT_MAP: (Stages.heat_map, ()),
}
"""Those that can be chosen, in the order in which they are run: what each asks for, and the stages that
select for it or say whether it is needed, which are run too. The other stages belong to these."""
