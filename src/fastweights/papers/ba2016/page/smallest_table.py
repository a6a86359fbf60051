"""The fewest units with which each model retrieves, in each reading of the paper."""

from collections.abc import Mapping, Sequence

from fastweights.papers.ba2016.findings.evidence import complete_errors
from fastweights.papers.ba2016.findings.fewer_units import LEARNED, Distribution, smallest
from fastweights.papers.ba2016.findings.readings import Place, readings
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.report.labels import model_label
from fastweights.report.table import MODEL, Column, Table
from fastweights.studies.analysis.runs import grouped

_Row = tuple[str, str, Mapping[Place, Sequence[float]]]


def smallest_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each model of each reading, where it is another than at best, once all sizes have ended."""
    return Table.of(
        "smallest",
        "The fewest units that retrieve",
        _rows(entries),
        {
            Column("reading", "word"): lambda row: row[0],
            MODEL: lambda row: model_label(row[1]),
            **{
                Column(f"R at {100 * learned:g} %", "word"): lambda row, learned=learned: _sizes(
                    smallest(row[2], row[1], learned)
                )
                for learned in LEARNED
            },
        },
        "R at 1 %: the smallest R with a mean test error of at most 1 %, and in how many of the resamples of "
        "the seeds it is that; none: no R of the table's has so few errors.",
    )


def _rows(entries: Sequence[TableEntry]) -> list[_Row]:
    rows: list[_Row] = []
    for reading, settings in readings(entries).items():
        for model, places in grouped(settings, lambda place: place[0]).items():
            errors = {place: complete_errors(settings[place]) for place in places}
            seeds = {place: each for place, each in errors.items() if each is not None}
            if len(seeds) == len(places) and all(seeds != others for _, which, others in rows):
                rows.append((reading, model, seeds))
    return rows


def _sizes(distribution: Distribution) -> str:
    """`20 in 93 %, 50 in 7 %`; a size alone if there is no other."""
    shares = {size: round(100 * share, 2) for size, share in distribution.items() if share >= 0.00005}
    names = {size: "none" if size == float("inf") else f"{size:g}" for size in shares}
    if len(shares) == 1:
        return next(iter(names.values()))
    return ", ".join(f"{names[size]} in {share:g} %" for size, share in shares.items())
