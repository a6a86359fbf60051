"""The cells of Table 1: what was published of a model of one size, and what came out here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fastweights.papers.ba2016.findings.stages import by_place, by_setting, latest, members, place, runs_of
from fastweights.papers.ba2016.findings.verdicts import Verdict, judge
from fastweights.papers.ba2016.published import BA_2016, WAYMAN_MATHEW_2017
from fastweights.report.labels import model_order
from fastweights.report.seeds import Seeds, over_seeds
from fastweights.studies.analysis.settings import Record, Summary, summarise

PAPERS_EMBEDDING = "50 to 100, uniform (the paper's)"
"""As the plan names it."""


@dataclass(frozen=True)
class Alternatives:
    """Other values of one thing that the search left alone, in the setting that it selected."""

    tried: Mapping[str, Seeds] = field(repr=False)
    """By name, the search's own among them."""
    best: Seeds | None
    """Fresh seeds of the one that validation selected, where that is not the search's own."""

    @property
    def unfinished(self) -> bool:
        """Whether a run of those tried is missing."""
        return any(seeds.unfinished for seeds in self.tried.values())


class Setting(NamedTuple):
    """Seeds that have ended, and what is changed in them of the setting that the search selected."""

    change: str
    seeds: Seeds


@dataclass(frozen=True)
class Cell:
    """A model of one size, with all that the parts of the study say of it."""

    model: str
    hidden_size: int
    floor: float
    paper: float | None
    """The published test error, as a fraction; so below."""
    term_project: float | None

    table: Seeds
    search: Summary | None
    tried: Sequence[Seeds] = field(repr=False)
    """Of the settings searched."""

    letter: Seeds | None
    longer: Seeds | None
    """In the table's setting, with as many updates as Figure 2 has."""
    more_data: Seeds | None
    """With ten times the training sequences, at the best rate."""
    embeddings: Alternatives
    weight_decays: Alternatives
    rates: Alternatives

    @property
    def verdict(self) -> Verdict | None:
        """On the table's seeds; None where nothing was published."""
        return self.verdict_on(self.table)

    def verdict_on(self, seeds: Seeds) -> Verdict | None:
        """Whether these seeds reproduce the published error; None if there is none."""
        return None if self.paper is None else judge(self.paper, seeds.errors, seeds.counts, self.floor)

    @property
    def selected(self) -> Setting | None:
        """The search's own; None while a run of the table is missing, or if none finished."""
        return None if self.table.unfinished or self.table.mean is None else Setting("", self.table)

    @property
    def preferred(self) -> Setting | None:
        """Of the search's own and the best alternatives, the one with the lowest mean validation error; None
        while one of their runs is missing."""
        found = [Setting("", self.table)]
        for change, each in (
            ("with another embedding", self.embeddings),
            ("with weight decay", self.weight_decays),
            ("with a lower rate", self.rates),
        ):
            if each.unfinished:
                return None
            if each.best is not None:
                found.append(Setting(change, each.best))
        if any(setting.seeds.unfinished for setting in found):
            return None
        known = [setting for setting in found if setting.seeds.mean is not None]
        return min(known, key=lambda setting: setting.seeds.validation or 0.0, default=None)


def cells(runs: Sequence[Record]) -> list[Cell]:
    """By size, then by model."""
    search, table, letter, longer, more_data = (
        by_place(runs_of(runs, part)) for part in ("search", "table", "letter", "longer", "data")
    )
    embeddings = _alternatives(runs, "initialisation", "embedding")
    weight_decays = _alternatives(runs, "regularisation", "weight_decay")
    rates = _alternatives(runs, "rates", "rate")
    none = Alternatives({}, None)
    return [
        _cell(
            each,
            table=latest(table.get(each, [])),
            search=search.get(each, []),
            letter=latest(letter.get(each, [])),
            longer=latest(longer.get(each, [])),
            more_data=latest(more_data.get(each, [])),
            embeddings=embeddings.get(each, none),
            weight_decays=weight_decays.get(each, none),
            rates=rates.get(each, none),
        )
        for each in sorted({*search, *table}, key=lambda place: (place[1], model_order(place[0])))
    ]


def _alternatives(runs: Sequence[Record], part: str, what: str) -> dict[tuple[str, int], Alternatives]:
    tried: dict[tuple[str, int], dict[str, list[Record]]] = {}
    for role, run in members(runs, part):
        tried.setdefault(place(run), {}).setdefault(str(role.get(what)), []).append(run)
    best = by_place(runs_of(runs, f"best-{part}"))
    return {
        each: Alternatives(
            {name: over_seeds(latest(seeds)) for name, seeds in tried.get(each, {}).items()},
            over_seeds(latest(best[each])) if each in best else None,
        )
        for each in {*tried, *best}
    }


def _cell(
    where: tuple[str, int],
    *,
    table: Sequence[Record],
    search: Sequence[Record],
    letter: Sequence[Record],
    longer: Sequence[Record],
    more_data: Sequence[Record],
    embeddings: Alternatives,
    weight_decays: Alternatives,
    rates: Alternatives,
) -> Cell:
    model, size = where
    some = [*table, *search][0]
    task = some["specification"]["task"]
    paper, other = (each.test_error(task, model, size) for each in (BA_2016, WAYMAN_MATHEW_2017))
    return Cell(
        model=model,
        hidden_size=size,
        floor=some["floor"],
        paper=None if paper is None else paper / 100,
        term_project=None if other is None else other / 100,
        table=over_seeds(table),
        search=summarise(search)[0] if search else None,
        tried=[over_seeds(each) for each in by_setting(search)],
        letter=over_seeds(letter) if letter else None,
        longer=over_seeds(longer) if longer else None,
        more_data=over_seeds(more_data) if more_data else None,
        embeddings=embeddings,
        weight_decays=weight_decays,
        rates=rates,
    )
