"""What the tables beside Table 1 show, in a sentence each, computed from the record."""

from collections.abc import Mapping, Sequence

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.names import EMBEDDING, RATE, WEIGHT_DECAY, Alternative
from fastweights.report.labels import joined, model_label, percent
from fastweights.studies.analysis.settings import Setting


def captions(
    entries: Sequence[TableEntry], matched: Mapping[tuple[str, float, str], Setting]
) -> dict[str, str]:
    """By name of the table; empty where too little has run."""
    return {
        "letter": _as_published(entries),
        "embeddings": _preferred(entries, EMBEDDING, "another embedding than N(0, 1)"),
        "rates": _preferred(entries, RATE, "a lower rate than the search's"),
        "weight-decays": _preferred(entries, WEIGHT_DECAY, "weight decay"),
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
        f"large as the selected setting does{': ' + joined(apart) if apart else ''}."
    )


def _preferred(entries: Sequence[TableEntry], alternative: Alternative, what: str) -> str:
    """How often another value than the search's own is the best."""
    alternatives = [(entry, entry.alternatives[alternative]) for entry in entries]
    complete = [(entry, tried) for entry, tried in alternatives if tried.tried and not tried.unfinished]
    if not complete:
        return ""
    others = [_place(entry) for entry, tried in complete if tried.best.runs]
    named = f": {joined(others)}" if others else ""
    return f"In {len(others)} of {len(complete)} cells validation prefers {what}{named}."


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
