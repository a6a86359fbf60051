"""Tables that have a row for each entry of Table 1, and columns that several of them have."""

from collections.abc import Callable, Iterable, Mapping

from fastweights.papers.ba2016.findings.stages import choices
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import Verdict
from fastweights.report.error_units import UNITS
from fastweights.report.labels import model_label, published_percent
from fastweights.report.setting_texts import error_text
from fastweights.report.table import MODEL, Column, R, Table
from fastweights.studies.analysis.runs import distinguished
from fastweights.studies.analysis.settings import Setting

EntryColumns = Mapping[Column | str, Callable[[TableEntry], str]]

PAPER: EntryColumns = {"paper %": lambda entry: published_percent(entry.paper)}
FLOOR: EntryColumns = {"floor %": lambda entry: UNITS["share"].full_text(entry.floor)}  # exact, so in full
TABLES_ERROR: EntryColumns = {"table's error %": lambda entry: error_text(entry.table)}


def verdict_word(verdict: Verdict | None) -> str:
    """A dash where there is nothing to judge."""
    return "–" if verdict is None else verdict.word


def changed_options(first: Setting, setting: Setting) -> str:
    """The options of the model and of its training that tell the setting from the first one tried."""
    kinds = [choices(each.options) for each in (first, setting)]
    return ", ".join(
        text for text in distinguished(kinds)[1] if not text.startswith(("updates", "evaluate_every"))
    )


def entry_table(
    name: str, title: str, entries: Iterable[TableEntry], columns: EntryColumns, legend: str
) -> Table:
    """A table of these columns, after two for the entry's size and model."""
    place: EntryColumns = {
        R: lambda entry: str(entry.hidden_size),
        MODEL: lambda entry: model_label(entry.model),
    }
    return Table.of(name, title, entries, {**place, **columns}, legend)
