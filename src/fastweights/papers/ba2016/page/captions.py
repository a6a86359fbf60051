"""What the tables beside Table 1 show, in a sentence each, computed from the record."""

from collections.abc import Mapping, Sequence

from fastweights.papers.ba2016.findings.table_entries import Alternatives, Cell
from fastweights.report.labels import joined, model_label, percent
from fastweights.report.seeds import Seeds


def about_letter(table: Sequence[Cell]) -> str:
    """Where the paper's own choices decide: cells whose two numbers are far apart."""
    known = [cell for cell in table if cell.letter is not None and cell.letter.mean is not None]
    known = [cell for cell in known if cell.table.mean is not None]
    if not known:
        return ""
    apart = [cell for cell in known if _mean(cell.letter) > 2 * _mean(cell.table)]
    told = [
        f"{model_label(cell.model)} at R = {cell.hidden_size} ({percent(_mean(cell.letter))} % against "
        f"{percent(_mean(cell.table))} %)"
        for cell in apart
    ]
    return (
        f"In {len(apart)} of {len(known)} cells the paper's choices leave an error more than twice as large "
        f"as the selected setting does{': ' + joined(told) if told else ''}."
    )


def about_embeddings(table: Sequence[Cell]) -> str:
    """How often another embedding than N(0, 1) is the best."""
    return _preferred([(cell, cell.embeddings) for cell in table], "another embedding than N(0, 1)")


def about_weight_decays(table: Sequence[Cell]) -> str:
    """How often weight decay is better than none."""
    return _preferred([(cell, cell.weight_decays) for cell in table], "weight decay")


def about_rates(table: Sequence[Cell]) -> str:
    """How often the search's learning rate is too high for the table's updates."""
    return _preferred([(cell, cell.rates) for cell in table], "a lower rate than the search's")


def _preferred(found: Sequence[tuple[Cell, Alternatives]], what: str) -> str:
    complete = [(cell, each) for cell, each in found if each.tried and not each.unfinished]
    if not complete:
        return ""
    other = [cell for cell, each in complete if each.best is not None]
    told = joined(f"{model_label(cell.model)} at R = {cell.hidden_size}" for cell in other) if other else ""
    return f"In {len(other)} of {len(complete)} cells validation prefers {what}{': ' + told if told else ''}."


def about_matched(found: Mapping[tuple[str, float, str], Seeds], criterion: str) -> str:
    """Who has the lowest mean error at each budget."""
    budgets: dict[float, dict[str, float]] = {}
    for (which, budget, model), seeds in found.items():
        if which == criterion and seeds.mean is not None:
            budgets.setdefault(budget, {})[model] = seeds.mean
    compared = {budget: errors for budget, errors in sorted(budgets.items()) if len(errors) > 1}
    if not compared:
        return ""
    told = []
    for budget, errors in compared.items():
        model = min(errors, key=lambda each: errors[each])
        told.append(f"{model_label(model)} at {budget:,.0f} ({percent(errors[model])} %)")
    what = {"parameters": "parameters", "state": "numbers of state"}[criterion]
    return f"The lowest mean error within so many {what}: {joined(told)}."


def _mean(seeds: Seeds | None) -> float:
    return seeds.mean if seeds is not None and seeds.mean is not None else 0.0
