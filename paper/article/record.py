"""All that the text may name, in one dictionary."""

import re
from collections.abc import Iterable
from typing import Any

from article import comparison_numbers, other_numbers
from article.checks import checks
from article.claims import claims
from article.figures import CHECKS, DRAWN
from article.other_numbers import TASKS
from article.sentences import sentences
from article.studies import study
from fastweights.papers.ba2016.findings.robustness import Exchange
from fastweights.papers.ba2016.findings.rules import rules_of
from fastweights.papers.ba2016.findings.table_entries import table_entries
from fastweights.papers.ba2016.page.report import Verification
from fastweights.report.study_table import StudyTables
from fastweights.report.table import Table


def record() -> dict[str, Any]:
    """Numbers, sentences, claims, tables, conclusions, checks, and the names of figures."""
    results = study("table1")
    entries = table_entries(results["runs"])
    conclusions = Exchange(entries).conclusions
    tables = Verification(results).tables()
    every = checks()
    return {
        "numbers": {
            **comparison_numbers.numbers(results, entries),
            **other_numbers.numbers(),
            "checks": str(len(every)),
        },
        "sentences": sentences(results, entries, conclusions),
        "claims": claims(results),
        "tables": {
            **{name: _table(table) for name, table in tables.items()},
            **{task: _table(StudyTables(study(task)["runs"]).complete()) for task in TASKS},
        },
        "conclusions": [
            {"claim": each.claim, "word": each.word, "evidence": each.evidence, "rule": each.rule}
            for each in conclusions
        ],
        "rules": [each._asdict() for each in rules_of(conclusions)],
        "checks": every,
        "figures": [*DRAWN, *CHECKS],
    }


def _title(table: Table) -> str:
    """`8 pairs` of a task's name with all its options."""
    pairs = re.search(r"num_pairs (\d+)", table.title)
    return f"{pairs[1]} pairs" if pairs else table.title


def _table(tables: Iterable[Table]) -> dict[str, Any]:
    """Headings, which of them are of numbers, and the rows of all, each table's below its title."""
    first, *_ = tables = list(tables)
    return {
        "columns": [
            {"heading": column.heading, "number": column.kind == "number"} for column in first.columns
        ],
        "parts": [
            {"title": _title(table) if len(tables) > 1 else "", "rows": table.rows, "bold": list(table.bold)}
            for table in tables
        ],
        "legend": first.legend,
    }
