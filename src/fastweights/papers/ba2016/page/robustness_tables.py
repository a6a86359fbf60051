"""Whether the verdicts depend on the table's seeds, or on the kind of interval."""

from collections.abc import Sequence

from fastweights.papers.ba2016.findings.other_rules import OTHER_RULES
from fastweights.papers.ba2016.findings.robustness import judged
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import Rule, Verdict
from fastweights.papers.ba2016.page.entry_table import (
    PAPER,
    TABLES_ERROR,
    EntryColumns,
    entry_table,
    verdict_word,
)
from fastweights.report.setting_texts import error_text, range_text, seeds_text
from fastweights.report.table import Column, Table

_TABLES_VERDICT: EntryColumns = {
    Column("table's verdict", "word"): lambda entry: verdict_word(entry.tables_verdict)
}


def again_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each number that is nearest to another verdict."""
    return entry_table(
        "again",
        "Fresh seeds",
        [entry for entry in entries if entry.again.runs],
        {
            "fresh seeds %": lambda entry: error_text(entry.again),
            "lowest–highest %": lambda entry: range_text(entry.again),
            "seeds": lambda entry: seeds_text(entry.again),
            **TABLES_ERROR,
            **PAPER,
            Column("verdict", "word"): lambda entry: verdict_word(entry.fresh_verdict),
            **_TABLES_VERDICT,
            Column("stands", "word"): lambda entry: {True: "yes", False: "no", None: "–"}[entry.stands],
        },
        "The numbers that are nearest to another verdict: for it, all seeds would have to move by the fewest "
        "standard deviations of a run. The table's setting, on seeds with data of their own that are fresh "
        "again. A verdict that does not stand is undecided in the first table.",
    )


def other_rules_table(entries: Sequence[TableEntry]) -> Table:
    """A row for each number that the table's seeds can be judged on."""
    others: EntryColumns = {}
    for name, rule in OTHER_RULES.items():
        others |= _columns(name, rule)
    return entry_table(
        "other-rules",
        "The verdicts by other intervals",
        judged(entries),
        {
            **PAPER,
            "P %": lambda entry: str(entry.tables_verdict and entry.tables_verdict.run),
            **_TABLES_VERDICT,
            **others,
        },
        "Percentages: Student's interval of one more run without a change of scale; where it gives another "
        "word, the table's is undecided. The range of the seeds: from the lowest to the highest, whatever "
        "the distribution; one more run of ours is outside of it in 2 cases of 11. Both by all seeds at "
        "once, where the table's verdict must hold without any one of them too: so they may decide what it "
        "leaves undecided.",
    )


def _columns(name: str, rule: Rule) -> EntryColumns:
    """Of one rule: its interval and its word."""

    def verdict(entry: TableEntry) -> Verdict | None:
        return entry.verdict_on(entry.table, rule)

    return {
        f"{name} %": lambda entry: str((found := verdict(entry)) and found.run),
        Column(f"by {name}", "word"): lambda entry: verdict_word(verdict(entry)),
    }
