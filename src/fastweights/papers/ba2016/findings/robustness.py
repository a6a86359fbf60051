"""What stands when seeds of the table are exchanged for fresh ones, and by other intervals.

The numbers that are nearest to another verdict have ten seeds more. A verdict that differs on them is
withdrawn (`TableEntry.verdict`), and so is a conclusion that differs with them in the place of the table's.
A verdict that the interval of percentages does not confirm is none in the first place (`verdicts`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from fastweights.papers.ba2016.findings.conclusions import Conclusion, conclusions
from fastweights.papers.ba2016.findings.other_rules import OTHER_RULES
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import judge_by_p
from fastweights.report.labels import joined, model_label
from fastweights.studies.analysis.settings import Setting


@dataclass(frozen=True)
class Exchange:
    """The conclusions by the table's seeds, and with fresh ones in their place where there are some."""

    entries: Sequence[TableEntry]

    @property
    def fresh(self) -> list[TableEntry]:
        """The entries with fresh seeds that have ended."""
        return [entry for entry in self.entries if entry.stands is not None]

    @cached_property
    def pairs(self) -> list[tuple[Conclusion, Conclusion]]:
        """Each conclusion by the table's seeds, and with fresh ones."""
        before = conclusions(self.entries)
        if not self.fresh:
            return [(each, each) for each in before]
        exchanged = [
            entry if entry.stands is None else replace(entry, table=entry.again) for entry in self.entries
        ]
        return list(zip(before, conclusions(exchanged), strict=True))

    @property
    def conclusions(self) -> list[Conclusion]:
        """Those by the table's seeds; undecided where those with fresh ones differ."""
        return [_sure(before, after) for before, after in self.pairs]

    @property
    def sentences(self) -> list[str]:
        """What fresh seeds change."""
        if not self.fresh:
            return [
                "No fresh seeds have ended yet. They are for three numbers, chosen when all twelve have a "
                "verdict."
            ]
        verdicts = [
            f"{_place(entry)}, {first.word} by the table's seeds and {again.word} by fresh ones"
            for entry in self.fresh
            if not entry.stands and (first := entry.tables_verdict) and (again := entry.fresh_verdict)
        ]
        others = [
            f"{before.claim.rstrip('.')}: {before.word} by the table's seeds, {after.word} with fresh ones"
            for before, after in self.pairs
            if _differ(before, after)
        ]
        have = "has" if len(self.fresh) == 1 else "have"
        return [
            f"{joined(map(_place, self.fresh))} {have} fresh seeds.",
            f"They change the verdict on {joined(verdicts)}." if verdicts else "They change no verdict.",
            f"They change conclusions: {'; '.join(others)}." if others else "They change no conclusion.",
        ]


def other_intervals(entries: Sequence[TableEntry]) -> list[str]:
    """What other intervals make of what P decides, at best and to the letter, in sentences."""
    told = [
        *_confirmed("At best", judged(entries), lambda entry: entry.table),
        *_confirmed("To the letter", entries, lambda entry: entry.as_published),
    ]
    return told or ["No verdict is decided yet."]


def _confirmed(
    name: str, entries: Sequence[TableEntry], setting_of: Callable[[TableEntry], Setting]
) -> list[str]:
    """A sentence; none where P decides nothing."""
    decided = [
        (entry, verdict.word)
        for entry in entries
        if (verdict := entry.verdict_on(setting_of(entry), judge_by_p))
        and verdict.word not in ("undecided", "open")
    ]
    if not decided:
        return []
    differing = [
        f"{_place(entry)} is {word}, but {told}"
        for entry, word in decided
        if (told := _otherwise(entry, setting_of(entry), word))
    ]
    agreeing = f"{name}, two other intervals confirm {len(decided) - len(differing)} of {len(decided)} by P"
    return [f"{agreeing}{': ' + '; '.join(differing) if differing else ''}."]


def _otherwise(entry: TableEntry, setting: Setting, word: str) -> str:
    """The other intervals that have another word, and theirs; empty if there are none."""
    verdicts = [(name, entry.verdict_on(setting, rule)) for name, rule in OTHER_RULES.items()]
    differing = [
        f"{verdict.word} by {name}" for name, verdict in verdicts if verdict and verdict.word != word
    ]
    return joined(differing) if differing else ""


def judged(entries: Sequence[TableEntry]) -> list[TableEntry]:
    """Those whose seeds can be judged."""
    return [entry for entry in entries if entry.tables_verdict and entry.tables_verdict.run]


def _differ(before: Conclusion, after: Conclusion) -> bool:
    """Whether both have evidence, and one says something else."""
    return bool(before.evidence and after.evidence) and before.survives != after.survives


def _sure(before: Conclusion, after: Conclusion) -> Conclusion:
    if not _differ(before, after):
        return before
    words = f"{before.word.capitalize()} by the table's seeds, {after.word} with fresh ones."
    return replace(before, survives=None, evidence=f"{words} {before.evidence}")


def _place(entry: TableEntry) -> str:
    return f"{model_label(entry.model)} at R = {entry.hidden_size}"
