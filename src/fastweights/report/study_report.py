"""The report of a study: its paper's own, or the one that every study can have."""

from collections.abc import Mapping
from typing import Any

from fastweights.studies.papers import StudyReport, paper_of


def report_of(results: Mapping[str, Any]) -> StudyReport:
    """The report that the preset's paper has for such a study, else a `TableReport`."""
    from fastweights.report.page import TableReport

    paper = paper_of(results["study"].get("preset"))
    own = None if paper is None else paper.report(results)
    return TableReport(results) if own is None else own
