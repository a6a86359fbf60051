"""Tables that have a row for each entry of Table 1."""

from collections.abc import Iterable, Sequence

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.report.labels import model_label
from fastweights.report.table import MODEL, Column, R, Table


def entry_table(
    name: str,
    title: str,
    columns: Iterable[Column],
    rows: Iterable[tuple[TableEntry, Sequence[str]]],
    legend: str,
) -> Table:
    """A table of these columns, after two for the entry's size and model."""
    cells = [(str(entry.hidden_size), model_label(entry.model), *row) for entry, row in rows]
    return Table(name, title, (R, MODEL, *columns), cells, legend)
