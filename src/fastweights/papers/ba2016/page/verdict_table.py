"""The first tables of the verification: every published number, what came out here, and the verdict."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.text import Text

from fastweights.papers.ba2016.findings.explanations import why
from fastweights.papers.ba2016.findings.stages import progress
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import Verdict
from fastweights.papers.ba2016.page.entry_table import entry_table
from fastweights.report.labels import duration, nats, percent, published_percent
from fastweights.report.setting_texts import error_text, length_text, range_text, seeds_text, updates_text
from fastweights.report.table import Column, Table, numbers
from fastweights.studies.analysis.runs import Record

RULE = (
    "P: the error of one more run, with a probability of 95 %: a t interval of the seeds' log odds. Q: the "
    "paper's error, within the chance of two test sets and its rounding. reproduced: P and Q overlap; "
    "better: P is below Q; worse: above; not reproduced: worse, and our mean is more than half of the way "
    "from the paper's to the floor."
)
_VERDICT = Column("verdict", "word", min_width=10)


def verdict_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each entry: what a reader wants to know first."""
    return entry_table(
        "verdicts",
        "Table 1, number by number",
        (
            *numbers("test error %", "best–worst %", "seeds", "collapses", "paper %", "W. & M. %", "floor %"),
            _VERDICT,
            Column("why", "sentence"),
        ),
        [(entry, _verdict_row(entry)) for entry in entries],
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
        (
            Column("setting", "word"),
            *numbers("test error %", "best–worst %", "seeds", "paper %"),
            _VERDICT,
        ),
        [
            (
                entry,
                (
                    changed.change or "as selected",
                    error_text(changed.setting),
                    range_text(changed.setting),
                    seeds_text(changed.setting),
                    published_percent(entry.paper),
                    _name(entry.verdict_on(changed.setting)),
                ),
            )
            for entry in entries
            if (changed := entry.preferred) is not None
        ],
        "Of what the search selected and the best other embedding, weight decay and learning rate, the one "
        "with the lowest mean validation error over its reported seeds. Verdict: by the same rule.",
    )


def details_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each entry: what the verdicts rest on."""
    return entry_table(
        "details",
        "Last, best, and how long it took",
        numbers(
            *("P %", "Q %", "at best validation %", "last validation %", "training loss", "validation loss"),
            *("updates to 1 %", "updates", "parameters", "time"),
        ),
        [(entry, _details_row(entry)) for entry in entries],
        "P and Q: see the verdicts. At best validation: test error of the weights that had each run's "
        "lowest validation error. Last validation: what the selection goes by. Losses: the last, in nats. "
        "Updates to 1 %: median over the seeds of the first evaluation with a validation error of at most "
        "1 %, – if most never came there; in brackets how many seeds had one, if not all. Time: mean of a "
        "run.",
    )


def terminal_verdicts(entries: Sequence[TableEntry], runs: Sequence[Record]) -> RenderableType:
    """The verdicts in 80 columns, with the reasons below, and a line for each other stage of the study."""
    verdicts = replace(verdict_table(entries), title="")
    reasons = [
        f"{model}, R = {size}: {reason}"
        for size, model, reason in zip(*map(verdicts.column, ("R", "model", "why")), strict=True)
        if reason
    ]
    notes = [f"±: half of the 95 % t interval. {RULE}", "", *reasons, "", *progress(runs)]
    return Group(verdicts.without("collapses", "why").terminal(), Text("\n" + "\n".join(notes)))


def _verdict_row(entry: TableEntry) -> tuple[str, ...]:
    setting = entry.table
    return (
        error_text(setting),
        range_text(setting),
        seeds_text(setting),
        str(setting.collapses) if setting.finished else "",
        published_percent(entry.paper),
        published_percent(entry.term_project),
        f"{100 * entry.floor:.2f}",  # exact, so in full
        _name(entry.verdict),
        why(entry),
    )


def _details_row(entry: TableEntry) -> tuple[str, ...]:
    setting, verdict = entry.table, entry.verdict
    return (
        str(verdict.run) if verdict and verdict.run else "",
        str(verdict.published) if verdict and verdict.published else "",
        percent(setting.best_test_error),
        percent(setting.validation_error),
        nats(setting.training_loss),
        nats(setting.validation_loss),
        updates_text(setting),
        length_text(setting),
        "" if setting.parameters is None else f"{setting.parameters:,}",
        "" if setting.seconds is None else duration(setting.seconds),
    )


def _name(verdict: Verdict | None) -> str:
    return verdict.name if verdict and verdict.name != "none" else "–"
