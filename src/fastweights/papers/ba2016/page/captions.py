"""What the tables beside Table 1 show, in a sentence each, computed from the record."""

from collections.abc import Mapping, Sequence

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.report.labels import joined, model_label, percent
from fastweights.studies.analysis.settings import Setting


def captions(
    entries: Sequence[TableEntry], matched: Mapping[tuple[str, float, str], Setting]
) -> dict[str, str]:
    """By name of the table; empty where too little has run."""
    return {
        "letter": _as_published(entries),
        "matched-parameters": _matched(matched, "parameters", "parameters"),
        "matched-state": _matched(matched, "state", "numbers of state"),
    }


def _place(entry: TableEntry) -> str:
    return f"{model_label(entry.model)} at R = {entry.hidden_size}"


def _as_published(entries: Sequence[TableEntry]) -> str:
    """Where the paper's own choices decide: entries whose two numbers are far apart."""
    compared = [
        (_place(entry), theirs, ours)
        for entry in entries
        if (theirs := entry.as_published.test_error) is not None
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
        f"large as the best setting does{': ' + joined(apart) if apart else ''}."
    )


def _matched(settings: Mapping[tuple[str, float, str], Setting], criterion: str, what: str) -> str:
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
    return f"The lowest mean error within so many {what}: {joined(lowest)}." if lowest else ""
