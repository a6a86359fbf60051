"""The first tables of the verification: every published number, what came out here, and the verdict."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from fastweights.papers.ba2016.findings.explanations import why
from fastweights.papers.ba2016.findings.stages import progress
from fastweights.papers.ba2016.findings.table_entries import ChangedSetting, TableEntry
from fastweights.papers.ba2016.findings.verdicts import Verdict
from fastweights.papers.ba2016.page.entry_table import FLOOR, PAPER, EntryColumns, entry_table
from fastweights.report.labels import model_label, nats, percent, published_percent
from fastweights.report.setting_texts import (
    error_text,
    length_text,
    parameters_text,
    range_text,
    seeds_text,
    time_text,
    updates_text,
)
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import Record

RULE = (
    "P: the error of one more run, with a probability of 95 %: a t interval of the seeds' log odds. Q: the "
    "paper's error, within the chance of two test sets and its rounding. reproduced: P and Q overlap; "
    "better: P is below Q; worse: above; not reproduced: worse, and our mean is more than half of the way "
    "from the paper's to the floor."
)
_VERDICT, _WHY = Column("verdict", "word", min_width=10), Column("why", "sentence")
_VERDICTS: EntryColumns = {
    "test error %": lambda entry: error_text(entry.table),
    "best–worst %": lambda entry: range_text(entry.table),
    "seeds": lambda entry: seeds_text(entry.table),
    "collapses": lambda entry: str(entry.table.collapses) if entry.table.finished else "",
    **PAPER,
    "W. & M. %": lambda entry: published_percent(entry.term_project),
    **FLOOR,
    _VERDICT: lambda entry: _name(entry.verdict),
    _WHY: why,
}


def verdict_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each entry: what a reader wants to know first."""
    return entry_table(
        "verdicts",
        "Table 1, number by number",
        entries,
        _VERDICTS,
        "R: hidden units. Test error: after the last update, mean over the seeds ± half of its 95 % t "
        "interval. Collapses: runs that end more than 5 percentage points above their lowest validation "
        "error. Paper: Ba et al. 2016, Table 1. W. & M.: Wayman & Mathew 2017. Floor: the best answer "
        f"without knowing which digit belongs to which letter. {RULE}",
    )


def preferred_table(entries: Sequence[TableEntry]) -> Table:
    """The same numbers in the best of all settings that the study tried."""
    return entry_table(
        "preferred",
        "In the setting that validation prefers",
        [entry for entry in entries if entry.preferred is not None],
        {
            Column("setting", "word"): lambda entry: _preferred(entry).change or "as selected",
            "test error %": lambda entry: error_text(_preferred(entry).setting),
            "best–worst %": lambda entry: range_text(_preferred(entry).setting),
            "seeds": lambda entry: seeds_text(_preferred(entry).setting),
            **PAPER,
            _VERDICT: lambda entry: _name(entry.verdict_on(_preferred(entry).setting)),
        },
        "Of what the search selected and the best other embedding, weight decay and learning rate, the one "
        "with the lowest mean validation error over its reported seeds. Verdict: by the same rule.",
    )


def details_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each entry: what the verdicts rest on."""
    return entry_table(
        "details",
        "Last, best, and how long it took",
        entries,
        {
            "P %": lambda entry: str((entry.verdict and entry.verdict.run) or ""),
            "Q %": lambda entry: str((entry.verdict and entry.verdict.published) or ""),
            "at best validation %": lambda entry: percent(entry.table.best_test_error),
            "last validation %": lambda entry: percent(entry.table.validation_error),
            "training loss": lambda entry: nats(entry.table.training_loss),
            "validation loss": lambda entry: nats(entry.table.validation_loss),
            "updates to 1 %": lambda entry: updates_text(entry.table),
            "updates": lambda entry: length_text(entry.table),
            "parameters": lambda entry: parameters_text(entry.table),
            "time": lambda entry: time_text(entry.table),
        },
        "P and Q: see the verdicts. At best validation: test error of the weights that had each run's "
        "lowest validation error. Last validation: what the selection goes by. Losses: the last, in nats. "
        "Updates to 1 %: median over the seeds of the first evaluation with a validation error of at most "
        "1 %, – if most never came there; in brackets how many seeds had one, if not all. Time: mean of a "
        "run.",
    )


def terminal_verdicts(entries: Sequence[TableEntry], runs: Sequence[Record]) -> RenderableType:
    """The verdicts in 80 columns, with the reasons below, and a line for each other stage of the study."""
    columns = {column: text for column, text in _VERDICTS.items() if column not in ("collapses", _WHY)}
    reasons = [
        f"{model_label(entry.model)}, R = {entry.hidden_size}: {reason}"
        for entry in entries
        if (reason := why(entry))
    ]
    notes = [f"±: half of the 95 % t interval. {RULE}", "", *reasons, "", *progress(runs)]
    return Group(entry_table("", "", entries, columns, "").terminal(), Text("\n" + "\n".join(notes)))


def _preferred(entry: TableEntry) -> ChangedSetting:
    return entry.preferred or ChangedSetting("", entry.table)


def _name(verdict: Verdict | None) -> str:
    return verdict.name if verdict and verdict.name != "none" else "–"
