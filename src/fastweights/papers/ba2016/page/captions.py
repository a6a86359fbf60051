"""What the tables beside Table 1 show, in a sentence each, computed from the record: from settings that are
complete, each of whose seeds has a training set of its own."""

import re
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from fastweights.papers.ba2016.findings import effects
from fastweights.papers.ba2016.findings.evidence import complete_errors, errs_less
from fastweights.papers.ba2016.findings.robustness import other_intervals
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.page.matched_tables import MatchedSettings, matched_settings
from fastweights.report.labels import joined, model_label, percent, sized_label
from fastweights.studies.analysis.runs import Record


def captions(entries: Sequence[TableEntry], runs: Sequence[Record]) -> dict[str, str]:
    """By name of the table; empty where too little has run."""
    matched, models = matched_settings(runs), {entry.model for entry in entries}
    return {
        "letter": _as_published(entries),
        "pattern": effects.of_rates(runs),
        "assumptions": effects.of_assumptions(runs),
        "more-data": effects.of_data(entries),
        "more-updates": effects.of_updates(entries),
        "matched-parameters": _matched(matched, models, "parameters", "parameters"),
        "matched-state": _matched(matched, models, "state", "numbers of state"),
        "other-rules": " ".join(other_intervals(entries)),
    }


def without_numbers(caption: str) -> str:
    """Without the measured errors, which stand in brackets."""
    return re.sub(r" \([^)]*\)", "", caption)


def _as_published(entries: Sequence[TableEntry]) -> str:
    """In how many cells the paper's own choices decide; the fewer, or the others, are named."""
    far = {
        sized_label(entry.model, entry.hidden_size): fmean(theirs) > 2 * fmean(ours)
        for entry in entries
        if (theirs := complete_errors(entry.as_published)) is not None
        and (ours := complete_errors(entry.table)) is not None
    }
    if not far:
        return ""
    apart, others = ([where for where, is_far in far.items() if is_far == which] for which in (True, False))
    fewer = ""
    if apart and others:
        fewer = f": all but {joined(others)}" if len(others) < len(apart) else f": {joined(apart)}"
    return (
        f"In {len(apart)} of {len(far)} cells the paper's choices leave an error more than twice as "
        f"large as the best setting does{fewer}."
    )


def _matched(settings: MatchedSettings, models: Collection[str], criterion: str, what: str) -> str:
    """Which model errs least at each budget at which all have complete runs."""
    budgets: dict[float, dict[str, Sequence[float]]] = {}
    for (which, budget, model), setting in settings.items():
        if which == criterion and (errors := complete_errors(setting)):
            budgets.setdefault(budget, {})[model] = errors
    told = [
        f"{_least(errors)} at {budget:,.0f}"
        for budget, errors in sorted(budgets.items())
        if errors.keys() >= set(models) and len(errors) > 1
    ]
    return f"Who errs less than each of the others within so many {what}: {joined(told)}." if told else ""


def _least(errors: Mapping[str, Sequence[float]]) -> str:
    """The model with the lowest mean, if it errs less than each other."""
    least = min(errors, key=lambda model: fmean(errors[model]))
    sure = all(errs_less(errors[least], errors[model]) for model in errors if model != least)
    return f"{model_label(least)} ({percent(fmean(errors[least]))} %)" if sure else "undecided"
