"""What more training data, more updates, another rate or assumption do to what misses the paper's numbers: in
sentences, computed from the record."""

from collections.abc import Iterator, Mapping, Sequence

from fastweights.papers.ba2016.findings.evidence import difference
from fastweights.papers.ba2016.findings.pattern import NONE_CHANGED, Pattern, by_assumption, by_rate
from fastweights.papers.ba2016.findings.table_entries import DataArm, TableEntry
from fastweights.papers.ba2016.findings.verdicts import CLOSE, LARGEST_FACTOR
from fastweights.papers.ba2016.names import AT_BEST, RATE_SEARCHED, TO_THE_LETTER
from fastweights.report.labels import count, factor, joined, sized_label
from fastweights.report.setting_texts import mean_text
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting

_WORDS = "lower", "higher", "not told apart"
Arms = Sequence[tuple[TableEntry, Mapping[DataArm, Setting]]]


def of_data(entries: Sequence[TableEntry]) -> str:
    """Of the most training sequences; empty before there are complete runs."""
    return _of_arms([(entry, entry.more_data) for entry in entries], "{} training sequences")


def of_updates(entries: Sequence[TableEntry]) -> str:
    """Of more updates, on the most training sequences; empty before there are complete runs."""
    return _of_arms([(entry, entry.longer) for entry in entries], "more updates, on {} sequences")


def of_rates(runs: Sequence[Record]) -> str:
    """Whether a rate and a number of updates have the paper's pattern."""
    if not (rows := by_rate(runs)):
        return ""
    row = _nearest(rows)
    return f"The nearest has {row.reading} as its rate, and {count(row.updates)} updates. {_told(row)}"


def of_assumptions(runs: Sequence[Record]) -> str:
    """Whether one assumption has the paper's pattern."""
    if not (rows := by_assumption(runs)):
        return ""
    row, (usual, *others) = _nearest(rows), rows
    if row.reading == NONE_CHANGED:
        return f"None of {len(others)} assumptions comes nearer than the paper as it is read. {_told(row)}"
    return (
        f"The nearest of {len(others)} assumptions: {row.reading}; with none changed, the typical factor is "
        f"{factor(usual.typical)}. {_told(row)}"
    )


def _nearest(rows: Sequence[Pattern]) -> Pattern:
    return min(rows, key=lambda row: row.typical)


def _told(row: Pattern) -> str:
    """How near; it is back if no odds differ by as much as they may in what is reproduced."""
    largest = row.factors[row.farthest]
    back = "brings" if largest < LARGEST_FACTOR else "does not bring"
    return (
        f"That {back} the paper's pattern back: the odds of {len(row.errors)} numbers differ typically by a "
        f"factor of {factor(row.typical)}, and for {sized_label(*row.farthest)} by {factor(largest)}."
    )


def _of_arms(arms: Arms, what: str) -> str:
    """At best and to the letter: whose mean errors are lower, higher, or not told apart."""
    sentences = []
    for reading in (AT_BEST, TO_THE_LETTER):
        most = max(
            (number for _, settings in arms for which, number in settings if which == reading), default=0
        )
        if told := "; ".join(_told_of_arms(arms, reading, most)):
            sentences.append(f"With {what.format(count(most))}, {reading}, errors are {told}.")
    return " ".join(sentences)


def _told_of_arms(arms: Arms, reading: str, sequences: int) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for entry, settings in arms:
        before, after = entry.setting_of(reading), _at(settings, reading, sequences)
        if after is not None and all(map(_is_whole, (before, after))):
            change = f"{mean_text(after)}, before {mean_text(before)}"
            word = _compared(before.test_errors, after.test_errors)
            found.setdefault(word, []).append(f"{sized_label(entry.model, entry.hidden_size)} ({change})")
    yield from (f"{word} for {joined(found[word])}" for word in _WORDS if word in found)


def _at(settings: Mapping[DataArm, Setting], reading: str, sequences: int) -> Setting | None:
    """With so many sequences; to the letter at the rate that was searched on them, where one was."""
    searched = settings.get((RATE_SEARCHED, sequences)) if reading == TO_THE_LETTER else None
    return searched or settings.get((reading, sequences))


def _is_whole(setting: Setting) -> bool:
    """Whether it has several seeds, and each has finished."""
    return setting.finished == setting.planned > 1


def _compared(before: Sequence[float], after: Sequence[float]) -> str:
    low, high = difference(after, before)
    return "lower" if high < -CLOSE else "higher" if low > CLOSE else "not told apart"
