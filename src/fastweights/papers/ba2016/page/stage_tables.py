"""Tables beside the verdicts: what was searched, and what else was tried for each entry of Table 1."""

from collections.abc import Sequence

from fastweights.papers.ba2016.findings.table_entries import Alternatives, TableEntry
from fastweights.papers.ba2016.page.entry_table import entry_table
from fastweights.report.labels import distinguished, nats, percent, published_percent
from fastweights.report.setting_texts import error_text, length_text, seeds_text, updates_text
from fastweights.report.table import Column, Table, numbers
from fastweights.studies.analysis.runs import outcome
from fastweights.studies.analysis.settings import Selection, Setting

_AS_PUBLISHED = (
    "To the letter: an embedding of 50 expanded to 100, drawn uniformly, Adam at a constant rate of "
    "0.001, no clipping, the cells' defaults, for fast weights with an LN bias of 0. Selected: "
    "of Table 1."
)
_LONGER = (
    "Where most seeds of the table did not come to a validation error of 1 %: the same setting, cosine "
    "schedule and all, with as many updates as Figure 2 has, on fresh seeds."
)
_DATA = (
    "Where most seeds of the table did not come to a validation error of 1 %: ten times as many "
    "sequences to train on as the table has, the best of the rates above, the table's updates, fresh "
    "seeds. Losses: the last, in nats."
)


def search_table(entries: Sequence[TableEntry]) -> Table:
    """Each entry's search: how many settings, which one was selected."""
    return entry_table(
        "search",
        "The search",
        (
            *numbers("settings", "runs"),
            Column("selected", "word"),
            *numbers("its error %", "worst %", "updates to 1 %"),
        ),
        [(entry, _search(entry.search)) for entry in entries if entry.search is not None],
        "Errors: means of the last validation error over the search's two seeds. The lowest is selected, a "
        "setting with a failed run after those without; the test set selects nothing. Where runs are "
        "missing, the selection is not made yet, and the one shown is the best so far.",
    )


def _outcome(setting: Setting) -> tuple[str, str, str]:
    """Error, seeds and updates to 1 %."""
    return error_text(setting), seeds_text(setting), updates_text(setting)


def _search(search: Selection) -> tuple[str, ...]:
    settings, planned = search.settings, len(search.runs)
    selected = settings.index(search.selected)
    words = distinguished([setting.options for setting in settings])[selected]
    ended = sum(outcome(run) in ("finished", "failed") for run in search.runs)
    errors = [setting.validation_error for setting in settings if setting.validation_error is not None]
    return (
        str(len(settings)),
        str(ended) if ended == planned else f"{ended} of {planned}",
        ", ".join(words) if errors else "",
        percent(min(errors, default=None)),
        percent(max(errors, default=None)),
        updates_text(search.selected) if errors else "",
    )


def as_published_table(entries: Sequence[TableEntry]) -> Table:
    """The paper's own choices beside its numbers and the table's."""
    return entry_table(
        "letter",
        "The paper to the letter",
        numbers("to the letter %", "seeds", "updates to 1 %", "paper %", "selected %", "floor %"),
        [
            (entry, (*_outcome(setting), published_percent(entry.paper), error_text(entry.table), floor))
            for entry in entries
            if (setting := entry.as_published) is not None
            for floor in [f"{100 * entry.floor:.2f}"]
        ],
        _AS_PUBLISHED,
    )


def longer_table(entries: Sequence[TableEntry]) -> Table:
    """Figure 2's updates beside the table's, where the table's are not enough."""
    return entry_table(
        "longer",
        "Longer training",
        numbers(
            *("updates", "test error %", "seeds", "updates to 1 %"),
            *("table's updates", "table's error %", "paper %"),
        ),
        [
            (
                entry,
                (
                    *(length_text(setting), *_outcome(setting), length_text(entry.table)),
                    *(error_text(entry.table), published_percent(entry.paper)),
                ),
            )
            for entry in entries
            if (setting := entry.longer) is not None
        ],
        _LONGER,
    )


def data_table(entries: Sequence[TableEntry]) -> Table:
    """More training sequences, beside what the table's came to."""
    return entry_table(
        "data",
        "Ten times the training sequences",
        numbers(
            *("test error %", "seeds", "training loss", "validation loss"),
            *("a lower rate, test %", "table's error %", "paper %"),
        ),
        [(entry, _data(entry, entry.more_data)) for entry in entries if entry.more_data is not None],
        _DATA,
    )


def _data(entry: TableEntry, setting: Setting) -> tuple[str, ...]:
    lower_rate = entry.rates.best
    return (
        error_text(setting),
        seeds_text(setting),
        nats(setting.training_loss),
        nats(setting.validation_loss),
        "" if lower_rate is None else error_text(lower_rate),
        error_text(entry.table),
        published_percent(entry.paper),
    )


_BY_SEARCH = (
    "mean validation error in percent after the search's updates, two seeds, in the setting that the search "
    "selected"
)


def embeddings_table(entries: Sequence[TableEntry]) -> Table:
    """The embeddings tried for each entry, and the test error of the best."""
    tried = [(entry, entry.embeddings) for entry in entries if entry.embeddings.tried]
    legend = f"Each embedding: {_BY_SEARCH} with N(0, 1)"
    return _alternatives_table("embeddings", "The embedding", tried, "N(0, 1)", legend)


def weight_decays_table(entries: Sequence[TableEntry]) -> Table:
    """The weight decays tried for each entry, and the test error of the best."""
    tried = [(entry, entry.weight_decays) for entry in entries if entry.weight_decays.tried]
    legend = f"Each weight decay: {_BY_SEARCH} with 0"
    return _alternatives_table("weight-decays", "Weight decay", tried, "0", legend)


def rates_table(entries: Sequence[TableEntry]) -> Table:
    """The learning rates tried over the table's updates, and the test error of the best."""
    tried = [(entry, entry.rates) for entry in entries if entry.rates.tried]
    legend = (
        "Where most seeds of the table did not come to a validation error of 1 %. Each share of the learning "
        "rate that the search selected: mean validation error in percent after the table's updates, two "
        "seeds"
    )
    return _alternatives_table("rates", "Lower learning rates", tried, "1", legend)


def _alternatives_table(
    name: str, title: str, rows: Sequence[tuple[TableEntry, Alternatives]], own: str, legend: str
) -> Table:
    values = list(dict.fromkeys(value for _, alternatives in rows for value in alternatives.tried))
    return entry_table(
        name,
        title,
        numbers(*values, "best, test %", f"{own}, test %"),
        [
            (
                entry,
                (
                    *(_validation_error(alternatives, value) for value in values),
                    "" if alternatives.best is None else error_text(alternatives.best),
                    error_text(entry.table),
                ),
            )
            for entry, alternatives in rows
        ],
        f"{legend}. Best: where another than {own} has the lowest, its test error on fresh seeds with the "
        f"table's updates; {own}: the table's.",
    )


def _validation_error(alternatives: Alternatives, value: str) -> str:
    return percent(alternatives.tried[value].validation_error) if value in alternatives.tried else ""
