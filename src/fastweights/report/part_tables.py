"""Tables of a comparison beside the verdicts: what was searched, and what equal R hides."""

from collections.abc import Iterable, Sequence

from fastweights.report.cells import Alternatives, Cell
from fastweights.report.grids import Grid
from fastweights.report.labels import as_published, distinguished, model_label, model_order, nats, percent
from fastweights.report.parts import latest, members, place
from fastweights.report.seeds import Seeds, error_text, length_text, over_seeds, seeds_text, updates_text
from fastweights.studies.statistics import Record, outcome, setting_of


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


def matched_seeds(runs: Iterable[Record]) -> dict[tuple[str, float, str], Seeds]:
    """By criterion, budget and model."""
    groups: dict[tuple[str, float, str], list[Record]] = {}
    for role, run in members(runs, "matched"):
        budget = role.get("budget")
        if isinstance(budget, int | float):
            groups.setdefault((str(role.get("criterion")), budget, place(run)[0]), []).append(run)
    return {what: over_seeds(latest(each)) for what, each in groups.items()}


def matched_grids(runs: Iterable[Record]) -> list[Grid]:
    """Equal parameters, and equal state, instead of equal R."""
    legend = (
        "R: the most units within the budget. State: the numbers that a cell carries from step to step. "
        "Where R is one of the table's, the runs are the table's; elsewhere the learning rate alone was "
        "searched, the rest is as selected at the nearest size."
    )
    found = matched_seeds(runs)
    return [
        Grid(
            f"matched-{criterion}",
            title,
            ("budget", "model", "R", "parameters", "state", "test error %", "seeds", "updates to 1 %"),
            [
                _matched_row(budget, seeds)
                for (which, budget, _), seeds in sorted(
                    found.items(), key=lambda item: (item[0][1], model_order(item[0][2]))
                )
                if which == criterion
            ],
            legend,
        )
        for criterion, title in (("parameters", "Equal parameters"), ("state", "Equal state"))
    ]


def _matched_row(budget: float, seeds: Seeds) -> tuple[str, ...]:
    model, size = place(seeds.runs[0])
    results = [run["result"] for run in seeds.runs if run.get("result")]
    parameters, state = ((results[0].get(name) if results else None) for name in ("parameters", "state_size"))
    return (
        f"{budget:,.0f}",
        model_label(model),
        str(size),
        *(f"{each:,}" if isinstance(each, int) else "" for each in (parameters, state)),
        error_text(seeds),
        seeds_text(seeds),
        updates_text(seeds),
    )
