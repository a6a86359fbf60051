"""Asked beside the table: the paper to the letter, more data, more updates, other heads, fresh seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from fastweights import registry
from fastweights.papers.ba2016.findings.closeness import distance_to_another_verdict
from fastweights.papers.ba2016.findings.verdicts import Evidence, Verdict, evidence_of, judge_runs
from fastweights.papers.ba2016.names import AT_BEST, OTHER_HEADS, RATE_SEARCHED, TO_THE_LETTER, Stage
from fastweights.papers.ba2016.plan.ablations import PAPERS
from fastweights.papers.ba2016.plan.assumptions import assumed
from fastweights.papers.ba2016.plan.matched import num_parameters
from fastweights.papers.ba2016.plan.selections import Selections, once, with_own_data
from fastweights.papers.ba2016.plan.spaces import RATE
from fastweights.papers.ba2016.published import BA_2016
from fastweights.runs.specification import RunSpecification
from fastweights.studies.overrides import override
from fastweights.studies.plans import Planned, Tags, ended

FRESH = 10_000_000
"""The most training sequences: a run of 100,000 updates draws each 1.3 times on average, with replacement."""
_PAPERS_SEQUENCES, _MANY_SEQUENCES = 100_000, (1_000_000, FRESH)
FIGURE_UPDATES = 700_000
_LARGE = 50_000
_LARGEST = 100_000
"""Parameters; an update of larger models takes so long that they have fewer runs, as each stage says, and of
the largest no more data and updates are asked: of an associative LSTM of 50 and of 100 units."""
_PAPERS_RATES = (1e-4, 3e-4, 1e-3, 3e-3)
_CLOSEST = 3
_OTHER_HEADS = dict(zip(OTHER_HEADS, ({"cell.heads": 1}, {"cell.combine_heads": "mean"}), strict=True))
"""Of the associative LSTM, which has the sum of three heads in the table: both keep |h| ≤ 1."""

# Every stage has seeds of its own: what selects is never what is reported.
_AGAIN_SEEDS = range(220, 230)
_AS_PUBLISHED_SEEDS, _HEADS_SEEDS, _DATA_SEEDS, _LONGER_SEEDS, _PATTERN_SEEDS = (
    range(first, first + 10) for first in (240, 260, 280, 300, 320)
)


@dataclass(frozen=True)
class Questions(Selections):
    """The stages that answer them, of a model and size."""

    def pattern(self, model: str, size: int) -> Iterator[Planned]:
        """The paper's own choices at four rates: whether one of them has the paper's pattern of errors."""
        yield from tagged(Stage.PATTERN, self.papers_settings(model, size))

    def assumptions(self, model: str, size: int) -> Iterator[Planned]:
        """The paper's own choices but for one assumption, at the rate that is best with them: whether that
        has the paper's pattern of errors. Seed and data are the pattern's, so that nothing else differs. Not
        of large models, whose runs are taken as they are."""
        usual = self.papers_best(model, size)
        if usual is not None and not _is_large(usual):
            for name, run in assumed(usual):
                yield from tagged(Stage.ASSUMPTIONS, [run], {"assumption": name})

    def as_published(self, model: str, size: int) -> Iterator[Planned]:
        """Fresh seeds of the best of them and of those beyond, as the paper searched its rates: ten, or five
        of large models."""
        yield from tagged(Stage.LETTER_SEARCH, self.papers_rates(model, size)[len(_PAPERS_RATES) :])
        best = self.papers_best(model, size)
        if best is not None:
            yield from tagged(Stage.AS_PUBLISHED, self.of_letter(best))

    def of_letter(self, best: RunSpecification) -> list[RunSpecification]:
        """The runs that are reported: five of the largest models, which cost as much as all others."""
        seeds = 5 if _is_large(best) else 10
        return with_own_data(best, _AS_PUBLISHED_SEEDS[: self.seeds or seeds])

    def papers_settings(self, model: str, size: int) -> list[RunSpecification]:
        """The paper's own choices, at each of four constant rates."""
        options = registry.cells[model].Options
        cell = options(norm_bias=0.0) if model == "fast-weights" else options()
        run = self.whole(replace(self.base(model, size), cell=cell))
        run = override(
            replace(run, training=replace(run.training, schedule="constant", clip_norm=0.0)), PAPERS
        )
        tried = [override(run, {RATE: rate}) for rate in _PAPERS_RATES]
        return [own for setting in tried for own in with_own_data(setting, _PATTERN_SEEDS[:1])]

    @once
    def papers_rates(self, model: str, size: int) -> list[RunSpecification]:
        """The paper's settings, and those at rates beyond the edge of theirs."""
        return self.with_rates_beyond(self.papers_settings(model, size))

    @once
    def papers_best(self, model: str, size: int) -> RunSpecification | None:
        """The one of the lowest validation error; None before all have ended."""
        return self.lowest(self.papers_rates(model, size))

    @once
    def missed(self, model: str, size: int) -> Mapping[str, RunSpecification]:
        """What is reported at best and to the letter, where its runs are above the paper's number, or leave
        that undecided."""
        letter, best = self.papers_best(model, size), self.best(model, size)
        found = {}
        if best is not None and self.misses(self.of_table(best)):
            found[AT_BEST] = best
        if letter is not None and self.misses(self.of_letter(letter)):
            found[TO_THE_LETTER] = letter
        return {reading: run for reading, run in found.items() if num_parameters(run) <= _LARGEST}

    def more_data(self, model: str, size: int) -> Iterator[Planned]:
        """More training sequences where the paper's number is missed: nothing else changed; to the letter,
        on the most, also at the best of the rates on these, as the best on few may not learn from many."""
        for reading, missed in self.missed(model, size).items():
            for count in (FRESH,) if _is_large(missed) else _MANY_SEQUENCES:
                tags = {"reading": reading, "sequences": count}
                yield from tagged(Stage.DATA, self.of_data(missed, count), tags)
        if TO_THE_LETTER in self.missed(model, size):
            tried = [self.with_sequences(run, FRESH) for run in self.papers_settings(model, size)]
            tags = {"reading": RATE_SEARCHED, "sequences": FRESH}
            yield from self.best_of(tried, Stage.DATA_SEARCH, Stage.DATA, _DATA_SEEDS[:5], tags)

    def longer(self, model: str, size: int) -> Iterator[Planned]:
        """As many updates as Figure 2 has, for what the paper compares fast weights with, where its number is
        missed: to the letter on as many sequences and on the most; at best, and of large models, on the most
        only, and where they miss it on these, too. At the better of two rates, since the best of fewer
        updates may not be stable for so many."""
        if model == "fast-weights":
            return
        for reading, missed in self.missed(model, size).items():
            few = reading == TO_THE_LETTER and not _is_large(missed)
            if not few and not self.misses(self.of_data(missed, FRESH)):
                continue
            counts = (_PAPERS_SEQUENCES, FRESH) if few else (FRESH,)
            rate = missed.training.learning_rate
            lower = [other for other in _PAPERS_RATES if other < rate][-1:]
            long = self.with_sequences(self.with_budget(missed, FIGURE_UPDATES), counts[0])
            tried = [override(long, {RATE: each}) for each in (rate, *lower)]
            tags = {"reading": reading}
            yield from tagged(Stage.LONGER_SEARCH, tried, tags)
            if stable := self.lowest(tried):
                for count in counts:
                    runs = with_own_data(self.with_sequences(stable, count), _LONGER_SEEDS[:3])
                    yield from tagged(Stage.LONGER, runs, {**tags, "sequences": count})

    def of_data(self, best: RunSpecification, count: int) -> list[RunSpecification]:
        """The runs on so many training sequences that are reported."""
        return with_own_data(self.with_sequences(best, count), _DATA_SEEDS[:5])

    def with_sequences(self, run: RunSpecification, count: int) -> RunSpecification:
        """The run on so many training sequences, or as many fewer as all runs of the preset have fewer."""
        return override(run, {"data.train": count * self.data.train // _PAPERS_SEQUENCES})

    def heads(self, model: str, size: int) -> Iterator[Planned]:
        """An associative LSTM with one head, or the mean of three, each at the best of three rates and those
        beyond; ten seeds where a conclusion may depend on it, else five."""
        best = self.best(model, size)
        if model != "associative-lstm" or best is None:
            return
        rates = [best.training.learning_rate * factor for factor in (0.5, 1, 2)]
        for heads, changed in _OTHER_HEADS.items():
            tried = [override(best, {**changed, RATE: rate}) for rate in rates]
            seeds = _HEADS_SEEDS if size <= 20 else _HEADS_SEEDS[:5]
            yield from self.best_of(tried, Stage.HEADS_SEARCH, Stage.HEADS, seeds, {"heads": heads})

    def again(self, model: str, size: int) -> Iterator[Planned]:
        """Fresh seeds of the table for the numbers that are nearest to another verdict."""
        best = self.best(model, size)
        if best is not None and (model, size) in self.closest:
            yield from tagged(Stage.AGAIN, with_own_data(best, _AGAIN_SEEDS[: self.seeds or 10]))

    def best_of(
        self,
        rates: Sequence[RunSpecification],
        search: Stage,
        report: Stage,
        seeds: Sequence[int],
        tags: Tags | None = None,
    ) -> Iterator[Planned]:
        """A setting at several rates and those beyond, and fresh seeds of the best."""
        tried = self.with_rates_beyond(rates)
        yield from tagged(search, tried, tags)
        if winner := self.lowest(tried):
            yield from tagged(report, with_own_data(winner, seeds[: self.seeds or len(seeds)]), tags)

    @cached_property
    def places(self) -> list[tuple[str, int]]:
        """Models and sizes, those with the fewest parameters first."""
        places = product(self.models, self.sizes)
        return sorted(places, key=lambda place: num_parameters(self.base(*place)))

    @cached_property
    def closest(self) -> list[tuple[str, int]]:
        """The three decided ones whose published numbers are nearest to another verdict; none before all have
        one. Fresh seeds can only take a verdict back."""
        verdicts = {place: self.tables_verdict(*place) for place in self.places}
        if any(verdict is None or verdict.run is None for verdict in verdicts.values()):
            return []
        distances = {}
        for place, verdict in verdicts.items():
            best = self.best(*place)
            if best is not None and verdict is not None and verdict.word != "undecided":
                evidence = evidence_of([self.known[run.identifier] for run in self.of_table(best)])
                if isinstance(evidence, Evidence):
                    distances[place] = distance_to_another_verdict(BA_2016.test_errors[place] / 100, evidence)
        return sorted(distances, key=lambda place: distances[place])[:_CLOSEST]

    @once
    def tables_verdict(self, model: str, size: int) -> Verdict | None:
        """None if nothing was published, or before the table's runs have ended."""
        best = self.best(model, size)
        return None if best is None else self.verdict(self.of_table(best))

    def misses(self, runs: Sequence[RunSpecification]) -> bool:
        """Whether all have ended, and are above the published number or leave that undecided."""
        verdict = self.verdict(runs)
        return verdict is not None and verdict.word in ("ours higher", "undecided")

    def verdict(self, runs: Sequence[RunSpecification]) -> Verdict | None:
        """On the published number; None if there is none, or before the runs have ended."""
        published = BA_2016.test_errors.get((runs[0].model, runs[0].hidden_size))
        if published is None or not ended(runs, self.known):
            return None
        return judge_runs(published / 100, [self.known[run.identifier] for run in runs])


def _is_large(run: RunSpecification) -> bool:
    return num_parameters(run) > _LARGE


def tagged(stage: Stage, runs: Sequence[RunSpecification], tags: Tags | None = None) -> Iterator[Planned]:
    """The runs with the stage among their tags."""
    return (Planned(run, {"part": stage, **(tags or {})}) for run in runs)
