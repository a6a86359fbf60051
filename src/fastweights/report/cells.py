"""The cells of Table 1: what was published of a model of one size, and what came out here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastweights.report.labels import model_order
from fastweights.report.parts import by_place, by_setting, latest, members, place, runs_of
from fastweights.report.published import BA_2016, WAYMAN_MATHEW_2017, published_error
from fastweights.report.seeds import Seeds, over_seeds
from fastweights.report.verdicts import Verdict, judge
from fastweights.studies.statistics import Record, Summary, summarise

PAPERS_EMBEDDING = "50 to 100, uniform (the paper's)"
"""As the plan names it."""


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
    verdict: Verdict | None
    """None where nothing was published."""

    search: Summary | None
    tried: Sequence[Seeds] = field(repr=False)
    """Of the settings searched."""

    letter: Seeds | None
    longer: Seeds | None
    """In the table's setting, with as many updates as Figure 2 has."""
    embeddings: Mapping[str, Seeds] = field(repr=False)
    """Of the embeddings tried, by name."""
    best_embedding: Seeds | None
    """Fresh seeds of the one that validation selected, where that is not the table's."""

    @property
    def best_known(self) -> Seeds:
        """The seeds of the setting that validation prefers: with the best embedding, if that is another."""
        best = self.best_embedding
        return self.table if best is None or best.mean is None else best


def cells(runs: Sequence[Record]) -> list[Cell]:
    """By size, then by model."""
    search, table, letter, longer, best = (
        by_place(runs_of(runs, part))
        for part in ("search", "table", "letter", "longer", "best-initialisation")
    )
    embeddings: dict[tuple[str, int], dict[str, list[Record]]] = {}
    for role, run in members(runs, "initialisation"):
        embeddings.setdefault(place(run), {}).setdefault(str(role.get("embedding")), []).append(run)
    return [
        _cell(
            each,
            table=latest(table.get(each, [])),
            search=search.get(each, []),
            letter=latest(letter.get(each, [])),
            longer=latest(longer.get(each, [])),
            embeddings=embeddings.get(each, {}),
            best=latest(best.get(each, [])),
        )
        for each in sorted({*search, *table}, key=lambda place: (place[1], model_order(place[0])))
    ]


def _cell(
    where: tuple[str, int],
    *,
    table: Sequence[Record],
    search: Sequence[Record],
    letter: Sequence[Record],
    longer: Sequence[Record],
    embeddings: Mapping[str, Sequence[Record]],
    best: Sequence[Record],
) -> Cell:
    model, size = where
    some = [*table, *search][0]
    task = some["specification"]["task"]
    paper, other = (published_error(each, task, model, size) for each in (BA_2016, WAYMAN_MATHEW_2017))
    seeds = over_seeds(table)
    return Cell(
        model=model,
        hidden_size=size,
        floor=some["floor"],
        paper=None if paper is None else paper / 100,
        term_project=None if other is None else other / 100,
        table=seeds,
        verdict=None if paper is None else judge(paper / 100, seeds.errors, seeds.counts, some["floor"]),
        search=summarise(search)[0] if search else None,
        tried=[over_seeds(each) for each in by_setting(search)],
        letter=over_seeds(letter) if letter else None,
        longer=over_seeds(longer) if longer else None,
        embeddings={name: over_seeds(latest(each)) for name, each in embeddings.items()},
        best_embedding=over_seeds(best) if best else None,
    )
