"""What more training data, more updates, another rate or assumption do to what misses the paper's numbers: in
sentences, computed from the record."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fastweights.papers.ba2016.findings.conclusions import LEVEL_FACTOR
from fastweights.papers.ba2016.findings.evidence import complete_errors, is_lower
from fastweights.papers.ba2016.findings.pattern import NONE_CHANGED, Pattern, by_assumption, by_rate, nearest
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.names import AT_BEST, RATE_SEARCHED, TO_THE_LETTER
from fastweights.report.labels import count, factor, joined, sized_label
from fastweights.report.setting_texts import length_text, mean_text
from fastweights.studies.analysis.runs import Record, grouped
from fastweights.studies.analysis.settings import Setting

_WORDS = "lower", "higher", "not clearly different"


class _Arm(NamedTuple):
    """A setting with more data or updates, and what it is compared with."""

    reading: str
    sequences: int
    before: Setting
    after: Setting


def of_data(entries: Sequence[TableEntry]) -> str:
    """Of the most training sequences, to the letter at the rate that is best on these; empty before there are
    complete runs."""
    arms = [
        _Arm(reading, sequences, entry.setting_of(reading), after)
        for entry in entries
        for (reading, sequences), after in entry.more_data.items()
        if reading in (AT_BEST, RATE_SEARCHED)
    ]
    most = max((arm.sequences for arm in arms), default=0)
    return _of_arms(
        [arm for arm in arms if arm.sequences == most],
        lambda arm: f"With {count(arm.sequences)} training sequences, {arm.reading}",
    )


def of_updates(entries: Sequence[TableEntry]) -> str:
    """Of more updates, against fewer on as many sequences; empty before there are complete runs."""
    arms = []
    for entry in entries:
        for (reading, sequences), after in entry.longer.items():
            on_these = RATE_SEARCHED if reading == TO_THE_LETTER else reading
            before = entry.more_data.get((on_these, sequences), entry.setting_of(reading))
            arms.append(_Arm(reading, sequences, before, after))
    return _of_arms(
        arms,
        lambda arm: (
            f"With {length_text(arm.after)} updates on {count(arm.sequences)} sequences, {arm.reading}"
        ),
    )


def of_rates(runs: Sequence[Record]) -> str:
    """Whether a rate and a number of updates have the paper's pattern."""
    if not (rows := by_rate(runs)):
        return ""
    row = nearest(rows)
    which = f"{row.reading} after {count(row.updates)} updates"
    return f"Of all rates and numbers of updates, the nearest is {which}. {_how_near(row)}"


def of_assumptions(runs: Sequence[Record]) -> str:
    """Whether one assumption has the paper's pattern."""
    if not (rows := by_assumption(runs)):
        return ""
    row, (usual, *others) = nearest(rows), rows
    if row.reading == NONE_CHANGED:
        return f"No assumption of {len(others)} comes nearer than the paper as it is read. {_how_near(row)}"
    return (
        f"Of {len(others)} assumptions the nearest is: {row.reading}. {_how_near(row)} With none changed, "
        f"the mean factor is {factor(usual.typical)}."
    )


def _how_near(row: Pattern) -> str:
    """The pattern is back if every error is level with the published one."""
    largest = row.factors[row.farthest]
    back = "is" if largest <= LEVEL_FACTOR else "is not"
    return (
        f"The paper's pattern {back} back there: the odds of {len(row.errors)} validation errors differ from "
        f"those of the published errors by a factor of {factor(row.typical)} (geometric mean), at most by "
        f"{factor(largest)}, for {sized_label(*row.farthest)}."
    )


def _of_arms(arms: Sequence[_Arm], condition: Callable[[_Arm], str]) -> str:
    """By reading and number of sequences: whose mean errors are lower, higher, or not clearly different."""
    sentences = []
    for group in grouped(sorted(arms, key=lambda arm: (arm.reading, arm.sequences)), condition).values():
        found: dict[str, list[str]] = {}
        for _, _, before, after in group:
            if word := _compared(before, after):
                change = f"{mean_text(after)}, before {mean_text(before)}"
                found.setdefault(word, []).append(f"{sized_label(after.model, after.hidden_size)} ({change})")
        told = "; ".join(f"{word} for {joined(found[word])}" for word in _WORDS if word in found)
        if told:
            sentences.append(f"{condition(group[0])}, errors are {told}.")
    return " ".join(sentences)


def _compared(before: Setting, after: Setting) -> str:
    """By the 95 % interval of the difference of the means, beyond 0.05 points; empty if there is none."""
    ours, theirs = complete_errors(after, least=2), complete_errors(before)
    if ours is None or theirs is None:
        return ""
    return {True: "lower", False: "higher", None: "not clearly different"}[is_lower(ours, theirs)]
