"""Why a verdict is what it is: a sentence computed from the other parts of the study."""

from collections.abc import Iterator

from fastweights.papers.ba2016.findings.table_entries import PAPERS_EMBEDDING, Cell
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR
from fastweights.report.labels import nats, percent
from fastweights.report.seeds import Seeds, length_text, mean_text

MEMORISED = 0.1
"""A training loss below this share of the validation loss: what is missing is not training."""


def why(cell: Cell) -> str:
    """A short sentence or two; empty if the record does not say."""
    verdict = cell.verdict
    if verdict is None:
        return "nothing was published"
    tellers = {
        "reproduced": _reproduced,
        "better": _better,
        "worse": _worse,
        "not reproduced": _worse,
        "none": _undecided,
    }
    return "; ".join([*tellers[verdict.name](cell), *_accidents(cell.table)])


def _undecided(cell: Cell) -> Iterator[str]:
    if cell.verdict is not None:
        yield cell.verdict.reason


def _reproduced(cell: Cell) -> Iterator[str]:
    if cell.table.mean is not None and cell.floor - cell.table.mean < NEAR_FLOOR:
        yield "both rest on the guessing floor"
    elif cell.verdict is not None:
        yield f"one more run may have {cell.verdict.run} %"


def _better(cell: Cell) -> Iterator[str]:
    """What the paper's choices make of it: all of them, or its embedding alone, or the search."""
    uniform = cell.embeddings.tried.get(PAPERS_EMBEDDING)
    if cell.letter is not None and cell.letter.mean is not None:
        there = f"with the paper's embedding and a constant rate {mean_text(cell.letter)}"
        # Nearer to the paper's number than to the table's, in factors.
        back = cell.letter.mean**2 > max((cell.paper or 0) * (cell.table.mean or 0), 1e-12)
        here = f"{there}, in the selected setting {mean_text(cell.table)}"
        yield here if back else f"even {there}: the paper's number does not come back"
    elif uniform is not None and uniform.validation is not None and cell.search is not None:
        selected = cell.search.validation_error
        if selected is not None:
            yield (
                f"the paper's embedding has {percent(uniform.validation)} % on validation after the search's "
                f"updates, N(0, 1) {percent(selected)} %"
            )
    else:
        yield from _search(cell)


def _worse(cell: Cell) -> Iterator[str]:
    """What is missing, as far as other parts of the study tell; else how near the seeds came."""
    table = cell.table
    near = f"{table.reached} of {table.finished + table.failed} seeds came to 1 % on validation"
    yield from list(_missing(cell)) or [near]


def _missing(cell: Cell) -> Iterator[str]:
    table = cell.table
    if table.at_best is not None and table.mean is not None and table.at_best < 0.8 * table.mean:
        yield f"{percent(table.at_best)} % at the lowest validation error"
    by_heart = _by_heart(table)
    if by_heart:
        yield f"the training data are {by_heart}"
    longer = "" if cell.longer is None else f"after {length_text(cell.longer)} updates"
    for words, each in (
        (longer, cell.longer),
        ("with the best embedding", cell.embeddings.best),
        ("with the best weight decay", cell.weight_decays.best),
        ("with a lower rate", cell.rates.best),
        ("with ten times the training data", cell.more_data),
    ):
        if each is not None and each.mean is not None:
            also = "" if by_heart or not _by_heart(each) else f", the training data {_by_heart(each)}"
            yield f"{words} {mean_text(each)}{also}"


def _by_heart(seeds: Seeds) -> str:
    """Empty if the training data are not known better than others."""
    here, there = seeds.training_loss, seeds.validation_loss
    if here is None or there is None or here >= MEMORISED * there:
        return ""
    return f"learned by heart (loss {nats(here)} nats, on validation {nats(there)})"


def _search(cell: Cell) -> Iterator[str]:
    """How much the search decided."""
    errors = [seeds.validation for seeds in cell.tried if seeds.validation is not None]
    if len(errors) > 1:
        yield (
            f"the settings tried end between {percent(min(errors))} and {percent(max(errors))} % on "
            "validation"
        )


def _accidents(table: Seeds) -> Iterator[str]:
    if table.collapses:
        yield f"{table.collapses} of {table.finished} runs collapsed"
    if table.failed:
        yield f"{table.failed} of {table.planned} runs failed"
    if table.finished and table.unfinished:
        yield f"{table.unfinished} of {table.planned} runs are not finished"
