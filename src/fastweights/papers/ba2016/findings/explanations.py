"""Why a verdict is what it is: a sentence computed from the other stages of the study."""

from collections.abc import Iterator, Mapping

from fastweights.papers.ba2016.findings.stages import choices
from fastweights.papers.ba2016.findings.table_entries import DataArm, TableEntry
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR
from fastweights.report.labels import joined, nats, percent, published_percent
from fastweights.report.setting_texts import length_text, mean_text
from fastweights.studies.analysis.runs import differences
from fastweights.studies.analysis.settings import Setting

_BUDGET = ("updates", "evaluate_every")
MEMORISED = 0.1
"""A training loss below this share of the validation loss: what is missing is not training."""


def why(entry: TableEntry) -> str:
    """All reasons; empty if the record does not say."""
    return "; ".join(_reasons(entry))


def first_reason(entry: TableEntry) -> str:
    """The reason that says most."""
    return next(iter(_reasons(entry)), "")


def _reasons(entry: TableEntry) -> list[str]:
    verdict = entry.verdict
    if verdict is None:
        return ["nothing was published" if entry.paper is None else "not run yet"]
    reasons = {
        "open": lambda _: [verdict.reason],
        "undecided": lambda _: [verdict.reason],
        "reproduced": _reproduced,
        "ours lower": _lower,
        "ours higher": _missing,
    }[verdict.word](entry)
    setting = [] if verdict.word in ("open", "undecided") else _own_setting(entry)
    return [*reasons, *setting, *_incidents(entry.table)]


def _reproduced(entry: TableEntry) -> Iterator[str]:
    if entry.table.test_error is not None and entry.floor - entry.table.test_error < NEAR_FLOOR:
        yield "both rest on the guessing floor"
    elif entry.paper is not None and entry.verdict is not None and (run := entry.verdict.run) is not None:
        yield f"one more run may have {run} %"
        nearest = min(max(entry.paper, run.low), run.high)
        if nearest != entry.paper:
            yield f"{percent(nearest)} and {published_percent(entry.paper)} % are not told apart"


def _lower(entry: TableEntry) -> Iterator[str]:
    if entry.paper is not None and entry.floor - entry.paper < NEAR_FLOOR:
        yield "the paper's error is at the guessing floor: nothing was learned there"
    yield from _as_published(entry)


def _as_published(entry: TableEntry) -> Iterator[str]:
    """What the paper's own choices make of it."""
    verdict = entry.verdict_on(entry.as_published)
    if verdict is not None and entry.as_published.test_error is not None:
        yield f"to the letter of the paper {mean_text(entry.as_published)}: {verdict.word}"


def _missing(entry: TableEntry) -> Iterator[str]:
    """What is missing, as far as other stages of the study show."""
    memorised = _memorised(entry.table)
    if memorised:
        yield f"the training data are {memorised}"
    yield from _as_published(entry)
    for reading, sequences, setting in _ended(entry.more_data):
        yield f"{reading} with {sequences:,} training sequences {mean_text(setting)}"
    for reading, sequences, setting in _ended(entry.longer):
        after = f"{length_text(setting)} updates on {sequences:,} sequences"
        yield f"{reading} after {after} {mean_text(setting)}"
    if entry.verdict is not None and entry.verdict.run is not None:
        yield f"even the best of ten runs would have {percent(entry.verdict.run.best)} % or more"


def _ended(tried: Mapping[DataArm, Setting]) -> Iterator[tuple[str, int, Setting]]:
    """By reading and number of sequences; those with an error whose runs have all ended."""
    for (reading, sequences), setting in tried.items():
        if setting.test_error is not None and not setting.unfinished:
            yield reading, sequences, setting


def _own_setting(entry: TableEntry) -> Iterator[str]:
    """In which options the table's setting is not the one to the letter, where that has runs."""
    if entry.table.runs and entry.as_published.runs:
        kinds = [choices(setting.options) for setting in (entry.as_published, entry.table)]
        changed = [place.rpartition(".")[2] for place in differences(kinds)[1]]
        options = [name for name in changed if name not in _BUDGET]
        if options:
            yield f"not to the letter in {joined(options)}"


def _memorised(setting: Setting) -> str:
    """Empty if the training loss is not far below the validation loss."""
    training, validation = setting.training_loss, setting.validation_loss
    if training is None or validation is None or training >= MEMORISED * validation:
        return ""
    return f"memorised (loss {nats(training)} nats, on validation {nats(validation)})"


def _incidents(table: Setting) -> Iterator[str]:
    if table.collapses:
        yield f"{table.collapses} of {table.finished} runs collapsed"
    if table.failed:
        yield f"{table.failed} of {table.planned} runs failed"
