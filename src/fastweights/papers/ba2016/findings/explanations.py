"""Why a verdict is what it is: a sentence computed from the other stages of the study."""

from collections.abc import Iterator

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR
from fastweights.papers.ba2016.names import ALTERNATIVES, EMBEDDING, PAPERS_EMBEDDING
from fastweights.report.labels import nats, percent
from fastweights.report.setting_texts import length_text, mean_text
from fastweights.studies.analysis.settings import Setting

MEMORISED = 0.1
"""A training loss below this share of the validation loss: what is missing is not training."""


def why(entry: TableEntry) -> str:
    """A short sentence or two; empty if the record does not say."""
    verdict = entry.verdict
    if verdict is None:
        return "nothing was published"
    explain = {"reproduced": _reproduced, "better": _better, "worse": _worse, "not reproduced": _worse}
    reasons = [verdict.reason] if verdict.name == "none" else explain[verdict.name](entry)
    return "; ".join([*reasons, *_incidents(entry.table)])


def _reproduced(entry: TableEntry) -> Iterator[str]:
    if entry.table.test_error is not None and entry.floor - entry.table.test_error < NEAR_FLOOR:
        yield "both rest on the guessing floor"
    elif entry.verdict is not None:
        yield f"one more run may have {entry.verdict.run} %"


def _better(entry: TableEntry) -> Iterator[str]:
    """What the paper's choices make of it: all of them, or its embedding alone, or the search."""
    uniform = entry.alternatives[EMBEDDING].tried.get(PAPERS_EMBEDDING)
    if entry.as_published.test_error is not None:
        there = f"with the paper's embedding and a constant rate {mean_text(entry.as_published)}"
        # Nearer to the paper's number than to the table's, in factors.
        product = (entry.paper or 0) * (entry.table.test_error or 0)
        back = entry.as_published.test_error**2 > max(product, 1e-12)
        here = f"{there}, in the selected setting {mean_text(entry.table)}"
        yield here if back else f"even {there}: the paper's number does not come back"
    elif uniform is not None and uniform.validation_error is not None and entry.search.runs:
        selected = entry.search.selected.validation_error
        if selected is not None:
            yield (
                f"the paper's embedding has {percent(uniform.validation_error)} % on validation after the "
                f"search's updates, N(0, 1) {percent(selected)} %"
            )
    else:
        yield from _search(entry)


def _worse(entry: TableEntry) -> Iterator[str]:
    """What is missing, as far as other stages of the study show; else how near the seeds came."""
    table = entry.table
    near = f"{table.reached} of {table.finished + table.failed} seeds came to 1 % on validation"
    yield from list(_missing(entry)) or [near]


def _missing(entry: TableEntry) -> Iterator[str]:
    table = entry.table
    if (
        table.best_test_error is not None
        and table.test_error is not None
        and table.best_test_error < 0.8 * table.test_error
    ):
        yield f"{percent(table.best_test_error)} % at the lowest validation error"
    memorised = _memorised(table)
    if memorised:
        yield f"the training data are {memorised}"
    for words, setting in (
        (f"after {length_text(entry.longer)} updates", entry.longer),
        *((alternative.best, entry.alternatives[alternative].best) for alternative in ALTERNATIVES),
        ("with ten times the training data", entry.more_data),
    ):
        if setting.test_error is not None:
            also = (
                "" if memorised or not _memorised(setting) else f", the training data {_memorised(setting)}"
            )
            yield f"{words} {mean_text(setting)}{also}"


def _memorised(setting: Setting) -> str:
    """Empty if the training loss is not far below the validation loss."""
    training, validation = setting.training_loss, setting.validation_loss
    if training is None or validation is None or training >= MEMORISED * validation:
        return ""
    return f"learned by heart (loss {nats(training)} nats, on validation {nats(validation)})"


def _search(entry: TableEntry) -> Iterator[str]:
    """How much the search decided."""
    errors = entry.search.validation_errors
    if len(errors) > 1:
        yield (
            f"the settings tried end between {percent(min(errors))} and {percent(max(errors))} % on "
            "validation"
        )


def _incidents(table: Setting) -> Iterator[str]:
    if table.collapses:
        yield f"{table.collapses} of {table.finished} runs collapsed"
    if table.failed:
        yield f"{table.failed} of {table.planned} runs failed"
    if table.finished and table.unfinished:
        yield f"{table.unfinished} of {table.planned} runs are not finished"
