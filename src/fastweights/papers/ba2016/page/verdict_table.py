"""The first tables of the verification: every published number, what came out here, and the verdict."""

from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Group, RenderableType
from rich.text import Text

from fastweights.papers.ba2016.findings.explanations import first_reason, why
from fastweights.papers.ba2016.findings.stages import progress
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import CLOSE, Word, training_sets
from fastweights.papers.ba2016.page.entry_table import FLOOR, PAPER, EntryColumns, entry_table, verdict_word
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
from fastweights.studies.analysis.settings import Setting

_RULES: Mapping[Word, str] = {
    "ours lower": "P is below the paper's error",
    "ours higher": "even the best of ten runs would be above it",
    "reproduced": "the paper's error is in P, and P is narrow enough to tell",
    "undecided": "neither, or not without any one of the seeds, in percentages or with fewer than five seeds",
    "open": "the runs to be judged have not all ended",
}
"""What each verdict means; P is the error of one more run."""
_VERDICT, _WHY, _SHORT = (
    Column("verdict", "word", min_width=11),
    Column("why", "sentence"),
    Column("in short", "sentence"),
)
_VERDICTS: EntryColumns = {
    "median %": lambda entry: _median(entry.table),
    "lowest–highest %": lambda entry: range_text(entry.table),
    "seeds": lambda entry: seeds_text(entry.table),
    "collapses": lambda entry: str(entry.table.collapses) if entry.table.finished else "",
    **PAPER,
    "W. & M. %": lambda entry: published_percent(entry.term_project),
    **FLOOR,
    _VERDICT: lambda entry: verdict_word(entry.verdict),
    _WHY: why,
}


def _median(setting: Setting) -> str:
    return percent(median(setting.test_errors)) if setting.finished else ""


def rule_text(entries: Sequence[TableEntry]) -> str:
    """What the verdicts mean that some entry has."""
    words = {entry.verdict.word for entry in entries if entry.verdict is not None}
    meanings = [f"{word}: {meaning}" for word, meaning in _RULES.items() if word in words]
    if not meanings:
        return ""
    if words == {"open"}:
        return f"{meanings[0]}."
    return (
        "P: the error of one more run, with a probability of 95 %. Errors that differ by no more than "
        f"{100 * CLOSE:g} points are not told apart. {'; '.join(meanings)}."
    )


def short_table(entries: Sequence[TableEntry]) -> Table:
    """A line for each entry: the verdict, what came out beside what was published, and the first reason."""
    shown = (_VERDICT, "median %", "paper %", "lowest–highest %")
    columns = {column: _VERDICTS[column] for column in shown}
    return entry_table(
        "short",
        "Table 1 at best, in short",
        entries,
        {**columns, _SHORT: first_reason},
        f"R: hidden units. Median, lowest and highest test error over the seeds. {rule_text(entries)}",
    )


def verdict_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each entry: what a reader wants to know first."""
    return entry_table(
        "verdicts",
        "Table 1 at best, number by number",
        entries,
        _VERDICTS,
        "R: hidden units. Median, lowest and highest test error after the last update, in the setting that "
        "the search selected, over seeds that selected nothing. Collapses: runs that end more than 5 "
        "percentage points above their lowest validation error. Paper: Ba et al. 2016, Table 1. W. & M.: "
        "Wayman & Mathew 2017. Floor: the best answer without knowing which digit belongs to which letter. "
        f"{rule_text(entries)}",
    )


def summary_table(entries: Sequence[TableEntry]) -> Table:
    """A narrow row for each entry: what was published, and what came out at best and to the letter."""
    return entry_table(
        "summary",
        "",
        entries,
        {
            **PAPER,
            "at best %": _VERDICTS["median %"],
            _VERDICT: _VERDICTS[_VERDICT],
            "to the letter %": lambda entry: _median(entry.as_published),
            Column("its verdict", "word"): lambda entry: verdict_word(entry.verdict_on(entry.as_published)),
        },
        "",
    )


def details_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each entry: what the verdicts rest on."""
    return entry_table(
        "details",
        "Last, best, and how long it took",
        entries,
        {
            "mean %": lambda entry: error_text(entry.table),
            "P %": lambda entry: str((entry.verdict and entry.verdict.run) or ""),
            "training sets": lambda entry: str(training_sets(entry.table.runs) or ""),
            "at best validation %": lambda entry: percent(entry.table.best_test_error),
            "last validation %": lambda entry: percent(entry.table.validation_error),
            "training loss": lambda entry: nats(entry.table.training_loss),
            "validation loss": lambda entry: nats(entry.table.validation_loss),
            "updates to 1 %": lambda entry: updates_text(entry.table),
            "updates": lambda entry: length_text(entry.table),
            "parameters": lambda entry: parameters_text(entry.table),
            "time": lambda entry: time_text(entry.table),
        },
        "Mean: ± half of its 95 % t interval. P: see the verdicts. At best validation: test error of the "
        "weights that had each run's lowest validation error. Last validation: what the selection goes by. "
        "Losses: the last, in nats. Updates to 1 %: median over the seeds of the first evaluation with a "
        "validation error of at most 1 %, – if most never had one; in brackets how many seeds had one, "
        "if not all. Time: mean of a run.",
    )


def terminal_verdicts(entries: Sequence[TableEntry], runs: Sequence[Record]) -> RenderableType:
    """The verdicts in 80 columns, with the reasons below, and a line for each other stage of the study."""
    columns = {column: text for column, text in _VERDICTS.items() if column not in ("collapses", _WHY)}
    reasons = [
        f"{model_label(entry.model)}, R = {entry.hidden_size}: {reason}"
        for entry in entries
        if (reason := why(entry))
    ]
    notes = [rule_text(entries), "", *reasons, "", *progress(runs)]
    return Group(entry_table("", "", entries, columns, "").terminal(), Text("\n" + "\n".join(notes)))
