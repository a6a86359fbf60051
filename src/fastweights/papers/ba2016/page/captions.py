"""What the tables beside Table 1 show, in a sentence each, computed from the record."""

from collections.abc import Mapping, Sequence

from fastweights.papers.ba2016.findings.table_entries import Alternatives, TableEntry
from fastweights.report.labels import joined, model_label, percent
from fastweights.studies.analysis.settings import Setting


def about_as_published(entries: Sequence[TableEntry]) -> str:
    """Where the paper's own choices decide: entries whose two numbers are far apart."""
    compared = [
        (f"{model_label(entry.model)} at R = {entry.hidden_size}", theirs, ours)
        for entry in entries
        if entry.as_published is not None
        and (theirs := entry.as_published.test_error) is not None
        and (ours := entry.table.test_error) is not None
    ]
    if not compared:
        return ""
    apart = [
        f"{where} ({percent(theirs)} % against {percent(ours)} %)"
        for where, theirs, ours in compared
        if theirs > 2 * ours
    ]
    return (
        f"In {len(apart)} of {len(compared)} cells the paper's choices leave an error more than twice as "
        f"large as the selected setting does{': ' + joined(apart) if apart else ''}."
    )


def about_embeddings(entries: Sequence[TableEntry]) -> str:
    """How often another embedding than N(0, 1) is the best."""
    return _preferred([(entry, entry.embeddings) for entry in entries], "another embedding than N(0, 1)")


def about_weight_decays(entries: Sequence[TableEntry]) -> str:
    """How often weight decay is better than none."""
    return _preferred([(entry, entry.weight_decays) for entry in entries], "weight decay")


def about_rates(entries: Sequence[TableEntry]) -> str:
    """How often the search's learning rate is too high for the table's updates."""
    return _preferred([(entry, entry.rates) for entry in entries], "a lower rate than the search's")


def _preferred(alternatives: Sequence[tuple[TableEntry, Alternatives]], what: str) -> str:
    complete = [(entry, tried) for entry, tried in alternatives if tried.tried and not tried.unfinished]
    if not complete:
        return ""
    others = [
        f"{model_label(entry.model)} at R = {entry.hidden_size}"
        for entry, tried in complete
        if tried.best is not None
    ]
    named = f": {joined(others)}" if others else ""
    return f"In {len(others)} of {len(complete)} cells validation prefers {what}{named}."


def about_matched(settings: Mapping[tuple[str, float, str], Setting], criterion: str) -> str:
    """Which model has the lowest mean error at each budget."""
    budgets: dict[float, dict[str, float]] = {}
    for (which, budget, model), setting in settings.items():
        if which == criterion and setting.test_error is not None:
            budgets.setdefault(budget, {})[model] = setting.test_error
    lowest = [
        f"{model_label(model)} at {budget:,.0f} ({percent(errors[model])} %)"
        for budget, errors in sorted(budgets.items())
        if len(errors) > 1
        for model in [min(errors, key=lambda model: errors[model])]
    ]
    if not lowest:
        return ""
    what = {"parameters": "parameters", "state": "numbers of state"}[criterion]
    return f"The lowest mean error within so many {what}: {joined(lowest)}."
