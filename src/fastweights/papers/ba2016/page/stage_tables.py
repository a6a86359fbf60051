"""Tables of a comparison beside the verdicts: what was searched, and what else was tried in each cell."""

from collections.abc import Sequence

from fastweights.papers.ba2016.findings.table_entries import Alternatives, Cell
from fastweights.report.labels import as_published, distinguished, model_label, nats, percent
from fastweights.report.seeds import error_text, length_text, over_seeds, seeds_text, updates_text
from fastweights.report.table import Grid
from fastweights.studies.analysis.settings import outcome, setting_of


def search_grid(table: Sequence[Cell]) -> Grid:
    """Each cell's search: how many settings, which one was selected."""
    rows = []
    for cell in table:
        if cell.search is None:
            continue
        runs = cell.search.runs
        settings = [setting_of(run) for run in runs]
        words = distinguished(settings)[settings.index(dict(cell.search.setting))]
        ended = sum(outcome(run) in ("finished", "failed") for run in runs)
        errors = [each.validation for each in cell.tried if each.validation is not None]
        rows.append(
            (
                str(cell.hidden_size),
                model_label(cell.model),
                str(cell.search.settings),
                str(ended) if ended == len(runs) else f"{ended} of {len(runs)}",
                ", ".join(words) if errors else "",
                percent(min(errors, default=None)),
                percent(max(errors, default=None)),
                updates_text(over_seeds(cell.search.selected)) if errors else "",
            )
        )
    return Grid(
        "search",
        "The search",
        ("R", "model", "settings", "runs", "selected", "its error %", "worst %", "updates to 1 %"),
        rows,
        "Errors: means of the last validation error over the search's two seeds. The lowest is selected, a "
        "setting with a failed run after those without; the test set selects nothing. Where runs are "
        "missing, the selection is not made yet, and the one shown is the best so far.",
    )


def letter_grid(table: Sequence[Cell]) -> Grid:
    """The paper to the letter beside the paper and the table."""
    return Grid(
        "letter",
        "The paper to the letter",
        (
            "R",
            "model",
            "to the letter %",
            "seeds",
            "updates to 1 %",
            "paper %",
            "selected %",
            "floor %",
        ),
        [
            (
                str(cell.hidden_size),
                model_label(cell.model),
                error_text(cell.letter),
                seeds_text(cell.letter),
                updates_text(cell.letter),
                as_published(cell.paper),
                error_text(cell.table),
                f"{100 * cell.floor:.2f}",
            )
            for cell in table
            if cell.letter is not None
        ],
        "To the letter: an embedding of 50 expanded to 100, drawn uniformly, Adam at a constant rate of "
        "0.001, no clipping, the cells' defaults, for fast weights with an LN bias of 0. Selected: "
        "of Table 1.",
    )


def longer_grid(table: Sequence[Cell]) -> Grid:
    """Figure 2's updates beside the table's, where the table's are not enough."""
    return Grid(
        "longer",
        "Longer training",
        (
            "R",
            "model",
            "updates",
            "test error %",
            "seeds",
            "updates to 1 %",
            "table's updates",
            "table's error %",
            "paper %",
        ),
        [
            (
                str(cell.hidden_size),
                model_label(cell.model),
                length_text(cell.longer),
                error_text(cell.longer),
                seeds_text(cell.longer),
                updates_text(cell.longer),
                length_text(cell.table),
                error_text(cell.table),
                as_published(cell.paper),
            )
            for cell in table
            if cell.longer is not None
        ],
        "Where most seeds of the table did not come to a validation error of 1 %: the same setting, cosine "
        "schedule and all, with as many updates as Figure 2 has, on fresh seeds.",
    )


def embeddings_grid(table: Sequence[Cell]) -> Grid:
    """The embeddings tried for each cell, and what the best makes of it."""
    found = [(cell, cell.embeddings) for cell in table if cell.embeddings.tried]
    return _alternatives_grid(
        "embeddings", "The embedding", found, "N(0, 1)", f"Each embedding: {_BY_SEARCH} with N(0, 1)"
    )


def weight_decays_grid(table: Sequence[Cell]) -> Grid:
    """The weight decays tried for each cell, and what the best makes of it."""
    found = [(cell, cell.weight_decays) for cell in table if cell.weight_decays.tried]
    return _alternatives_grid(
        "weight-decays", "Weight decay", found, "0", f"Each weight decay: {_BY_SEARCH} with 0"
    )


def rates_grid(table: Sequence[Cell]) -> Grid:
    """The learning rates tried over the table's updates, and what the best makes of it."""
    found = [(cell, cell.rates) for cell in table if cell.rates.tried]
    return _alternatives_grid(
        "rates",
        "Lower learning rates",
        found,
        "1",
        "Where most seeds of the table did not come to a validation error of 1 %. Each share of the learning "
        "rate that the search selected: mean validation error in percent after the table's updates, two "
        "seeds",
    )


_BY_SEARCH = (
    "mean validation error in percent after the search's updates, two seeds, in the setting that the search "
    "selected"
)


def data_grid(table: Sequence[Cell]) -> Grid:
    """More training sequences, beside what the table's came to."""
    return Grid(
        "data",
        "Ten times the training sequences",
        (
            "R",
            "model",
            "test error %",
            "seeds",
            "training loss",
            "validation loss",
            "a lower rate, test %",
            "table's error %",
            "paper %",
        ),
        [
            (
                str(cell.hidden_size),
                model_label(cell.model),
                error_text(cell.more_data),
                seeds_text(cell.more_data),
                nats(cell.more_data.training_loss),
                nats(cell.more_data.validation_loss),
                "" if cell.rates.best is None else error_text(cell.rates.best),
                error_text(cell.table),
                as_published(cell.paper),
            )
            for cell in table
            if cell.more_data is not None
        ],
        "Where most seeds of the table did not come to a validation error of 1 %: ten times as many "
        "sequences to train on as the table has, the best of the rates above, the table's updates, fresh "
        "seeds. Losses: the last, in nats.",
    )


def _alternatives_grid(
    name: str, title: str, found: Sequence[tuple[Cell, Alternatives]], own: str, tried: str
) -> Grid:
    values = list(dict.fromkeys(value for _, alternatives in found for value in alternatives.tried))
    return Grid(
        name,
        title,
        ("R", "model", *values, "best, test %", f"{own}, test %"),
        [
            (
                str(cell.hidden_size),
                model_label(cell.model),
                *(
                    percent(alternatives.tried[value].validation) if value in alternatives.tried else ""
                    for value in values
                ),
                "" if alternatives.best is None else error_text(alternatives.best),
                error_text(cell.table),
            )
            for cell, alternatives in found
        ],
        f"{tried}. Best: where another than {own} has the lowest, its test error on fresh seeds with the "
        f"table's updates; {own}: the table's.",
    )
