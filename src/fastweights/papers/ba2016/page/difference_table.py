"""Fast weights against each baseline: the difference of their errors, with its interval."""

from collections.abc import Iterator, Mapping, Sequence

from fastweights.papers.ba2016.findings.conclusions import signed
from fastweights.papers.ba2016.findings.evidence import complete_errors, difference, errs_less
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import CLOSE
from fastweights.papers.ba2016.page.matched_tables import MatchedSettings
from fastweights.report.labels import Rounded, count, model_label, model_order
from fastweights.report.setting_texts import error_text
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.settings import Setting

_Pair = tuple[str, float, Setting, Setting]
"""What is equal, how much of it, fast weights, and a baseline."""


def difference_table(
    entries: Sequence[TableEntry], matched: MatchedSettings, with_fresh: Mapping[str, str]
) -> Table:
    """At equal R, at equal parameters, at equal state; `with_fresh` is who errs less with fresh seeds."""

    def winner(pair: _Pair) -> str:
        word = _winner(pair)
        return word if with_fresh.get(_name(pair), word) == word else "undecided"

    return Table.of(
        "differences",
        "Fast weights against each baseline",
        list(_pairs(entries, matched)),
        {
            Column("equal", "word"): lambda pair: pair[0],
            "budget": lambda pair: count(pair[1]),
            "R of fast weights": lambda pair: str(pair[2].hidden_size),
            "fast weights %": lambda pair: error_text(pair[2]),
            Column("baseline", "word"): lambda pair: model_label(pair[3].model),
            "its R": lambda pair: str(pair[3].hidden_size),
            "baseline %": lambda pair: error_text(pair[3]),
            "difference": _interval,
            Column("who errs less", "word"): winner,
        },
        "Difference: of the mean test errors, fast weights less baseline, in percentage points, the 95 % "
        "interval by Welch's t. Level: within 0.05. Who errs less: by more than 0.05, with all seeds, with "
        "any one left out, and with fresh seeds where there are some; some of so many intervals are wrong. A "
        "dash: seeds share a training set, are not finished, or fewer than five.",
    )


def who_errs_less(entries: Sequence[TableEntry], matched: MatchedSettings) -> dict[str, str]:
    """By what is equal, how much of it, and the baseline: fast weights, the baseline, level or undecided."""
    return {_name(pair): _winner(pair) for pair in _pairs(entries, matched)}


def _name(pair: _Pair) -> str:
    equal, budget, _, baseline = pair
    return f"{equal} {count(budget)}, {model_label(baseline.model)}"


def _pairs(entries: Sequence[TableEntry], matched: MatchedSettings) -> Iterator[_Pair]:
    settings = {
        **{("R", float(entry.hidden_size), entry.model): entry.table for entry in entries},
        **matched,
    }
    order = ["R", "parameters", "state"]
    for criterion, budget, model in sorted(
        (key for key in settings if key[0] in order),
        key=lambda key: (order.index(key[0]), key[1], model_order(key[2])),
    ):
        setting = settings[criterion, budget, model]
        fast = settings.get((criterion, budget, "fast-weights"))
        if model != "fast-weights" and fast is not None and fast.runs and setting.runs:
            yield criterion, budget, fast, setting


def _errors(pair: _Pair) -> list[Sequence[float]]:
    """Those of both; empty if either is not complete."""
    both = [complete_errors(setting) for setting in pair[2:]]
    return [errors for errors in both if errors is not None] if None not in both else []


def _interval(pair: _Pair) -> str:
    errors = _errors(pair)
    if not errors:
        return ""
    low, high = (100 * end for end in difference(*errors))
    return Rounded(f"{signed(low)} to {signed(high)}", {"lowest": low, "highest": high})


def _winner(pair: _Pair) -> str:
    errors = _errors(pair)
    if not errors:
        return "–"
    low, high = difference(*errors)
    if low >= -CLOSE and high <= CLOSE:
        return "level"
    return {True: "fast weights", False: model_label(pair[3].model), None: "undecided"}[errs_less(*errors)]
