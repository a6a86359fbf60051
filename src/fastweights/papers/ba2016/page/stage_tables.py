"""Tables beside the verdicts: what was searched, and what else was tried for each entry of Table 1."""

from collections.abc import Callable, Mapping, Sequence

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.names import EMBEDDING, RATE, WEIGHT_DECAY, Alternative
from fastweights.papers.ba2016.page.entry_table import FLOOR, PAPER, TABLES_ERROR, EntryColumns, entry_table
from fastweights.report.labels import nats, percent
from fastweights.report.setting_texts import error_text, length_text, seeds_text, updates_text
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import distinguished, outcome
from fastweights.studies.analysis.settings import Selection, Setting

_SEEDS_AND_UPDATES = {"seeds": seeds_text, "updates to 1 %": updates_text}
_UNLEARNED = "Where most seeds of the table did not come to a validation error of 1 %"
_BY_SEARCH = (
    "mean validation error in percent after the search's updates, two seeds, in the setting that the search "
    "selected"
)


def stage_tables(entries: Sequence[TableEntry]) -> list[Table]:
    """In the order of the page; that of a stage without runs has no rows."""
    rates = (
        f"{_UNLEARNED}. Each share of the learning rate that the search selected: mean validation error in "
        "percent after the table's updates, two seeds"
    )
    decays, embeddings = (
        f"Each weight decay: {_BY_SEARCH} with 0",
        f"Each embedding: {_BY_SEARCH} with N(0, 1)",
    )
    longer = _part_table(
        "longer",
        "Longer training",
        entries,
        lambda entry: entry.longer,
        {"updates": length_text, "test error %": error_text, **_SEEDS_AND_UPDATES},
        {"table's updates": lambda entry: length_text(entry.table), **TABLES_ERROR, **PAPER},
        f"{_UNLEARNED}: the same setting, cosine schedule and all, with as many updates as Figure 2 has, on "
        "fresh seeds.",
    )
    more_data = _part_table(
        "data",
        "Ten times the training sequences",
        entries,
        lambda entry: entry.more_data,
        {
            "test error %": error_text,
            "seeds": seeds_text,
            "training loss": lambda setting: nats(setting.training_loss),
            "validation loss": lambda setting: nats(setting.validation_loss),
        },
        {
            "a lower rate, test %": lambda entry: error_text(entry.alternatives[RATE].best),
            **TABLES_ERROR,
            **PAPER,
        },
        f"{_UNLEARNED}: ten times as many sequences to train on as the table has, the best of the rates "
        "above, the table's updates, fresh seeds. Losses: the last, in nats.",
    )
    as_published = _part_table(
        "letter",
        "The paper to the letter",
        entries,
        lambda entry: entry.as_published,
        {"to the letter %": error_text, **_SEEDS_AND_UPDATES},
        {**PAPER, "selected %": lambda entry: error_text(entry.table), **FLOOR},
        "To the letter: an embedding of 50 expanded to 100, drawn uniformly, Adam at a constant rate of "
        "0.001, no clipping, the cells' defaults, for fast weights with an LN bias of 0. Selected: "
        "of Table 1.",
    )
    return [
        longer,
        _alternatives_table("rates", "Lower learning rates", entries, RATE, rates),
        more_data,
        _alternatives_table("weight-decays", "Weight decay", entries, WEIGHT_DECAY, decays),
        as_published,
        _alternatives_table("embeddings", "The embedding", entries, EMBEDDING, embeddings),
    ]


def search_table(entries: Sequence[TableEntry]) -> Table:
    """Each entry's search: how many settings, which one was selected."""
    return entry_table(
        "search",
        "The search",
        [entry for entry in entries if entry.search.runs],
        {
            "settings": lambda entry: str(len(entry.search.settings)),
            "runs": lambda entry: _ended(entry.search),
            Column("selected", "word"): lambda entry: _selected_options(entry.search),
            "its error %": lambda entry: percent(min(entry.search.validation_errors, default=None)),
            "worst %": lambda entry: percent(max(entry.search.validation_errors, default=None)),
            "updates to 1 %": lambda entry: (
                updates_text(entry.search.selected) if entry.search.validation_errors else ""
            ),
        },
        "Errors: means of the last validation error over the search's two seeds. The lowest is selected, a "
        "setting with a failed run after those without; the test set selects nothing. Where runs are "
        "missing, the selection is not made yet, and the one shown is the best so far.",
    )


def _ended(search: Selection) -> str:
    ended = sum(outcome(run) in ("finished", "failed") for run in search.runs)
    return str(ended) if ended == len(search.runs) else f"{ended} of {len(search.runs)}"


def _selected_options(search: Selection) -> str:
    """The options that tell the selected setting from the others; nothing while no run has finished."""
    differences = distinguished([setting.options for setting in search.settings])
    selected = differences[search.settings.index(search.selected)]
    return ", ".join(selected) if search.validation_errors else ""


def _part_table(
    name: str,
    title: str,
    entries: Sequence[TableEntry],
    part: Callable[[TableEntry], Setting],
    part_columns: Mapping[str, Callable[[Setting], str]],
    entry_columns: EntryColumns,
    legend: str,
) -> Table:
    """Columns of one part of an entry, then columns of the entry, where the part has runs."""
    columns: EntryColumns = {
        heading: lambda entry, text=text: text(part(entry)) for heading, text in part_columns.items()
    }
    present = [entry for entry in entries if part(entry).runs]
    return entry_table(name, title, present, {**columns, **entry_columns}, legend)


def _alternatives_table(
    name: str, title: str, entries: Sequence[TableEntry], alternative: Alternative, legend: str
) -> Table:
    """What was tried for each entry, and the test error of the best."""
    own, none = alternative.own, Setting(())
    values = dict.fromkeys(value for entry in entries for value in entry.alternatives[alternative].tried)
    return entry_table(
        name,
        title,
        [entry for entry in entries if entry.alternatives[alternative].tried],
        {
            **{
                value: lambda entry, value=value: percent(
                    entry.alternatives[alternative].tried.get(value, none).validation_error
                )
                for value in values
            },
            "best, test %": lambda entry: error_text(entry.alternatives[alternative].best),
            f"{own}, test %": lambda entry: error_text(entry.table),
        },
        f"{legend}. Best: where another than {own} has the lowest, its test error on fresh seeds with the "
        f"table's updates; {own}: the table's.",
    )
