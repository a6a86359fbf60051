"""Why a verdict is what it is: a sentence computed from the other stages of the study."""

from collections.abc import Iterator

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR
from fastweights.report.labels import nats
from fastweights.report.setting_texts import length_text, mean_text
from fastweights.studies.analysis.settings import Setting

MEMORISED = 0.1
"""A training loss below this share of the validation loss: what is missing is not training."""


def why(entry: TableEntry) -> str:
    """A short sentence or two; empty if the record does not say."""
    verdict = entry.verdict
    if verdict is None:
        return "nothing was published" if entry.paper is None else "not run yet"
    reasons = {
        "undecided": lambda entry: [verdict.reason],
        "reproduced": _reproduced,
        "ours lower": _as_published,
        "ours higher": _missing,
    }[verdict.word](entry)
    return "; ".join([*reasons, *_incidents(entry.table)])


def _reproduced(entry: TableEntry) -> Iterator[str]:
    if entry.table.test_error is not None and entry.floor - entry.table.test_error < NEAR_FLOOR:
        yield "both rest on the guessing floor"
    elif entry.verdict is not None:
        yield f"one more run may have {entry.verdict.run} %"


def _as_published(entry: TableEntry) -> Iterator[str]:
    """What the paper's own choices make of it."""
    verdict = entry.verdict_on(entry.as_published)
    if verdict is not None and entry.as_published.test_error is not None:
        yield f"to the letter of the paper {mean_text(entry.as_published)}: {verdict.word}"


def _missing(entry: TableEntry) -> Iterator[str]:
    """What is missing, as far as other stages of the study show."""
    yield from _as_published(entry)
    memorised = _memorised(entry.table)
    if memorised:
        yield f"the training data are {memorised}"
    for sequences, setting in entry.more_data.items():
        if setting.test_error is not None:
            yield f"with {sequences:,} training sequences {mean_text(setting)}"
    for sequences, setting in entry.longer.items():
        if setting.test_error is not None:
            yield f"after {length_text(setting)} updates on {sequences:,} sequences {mean_text(setting)}"


def _memorised(setting: Setting) -> str:
    """Empty if the training loss is not far below the validation loss."""
    training, validation = setting.training_loss, setting.validation_loss
    if training is None or validation is None or training >= MEMORISED * validation:
        return ""
    return f"learned by heart (loss {nats(training)} nats, on validation {nats(validation)})"


def _incidents(table: Setting) -> Iterator[str]:
    if table.collapses:
        yield f"{table.collapses} of {table.finished} runs collapsed"
    if table.failed:
        yield f"{table.failed} of {table.planned} runs failed"
