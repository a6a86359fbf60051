"""The report of a study: its paper's own, or the one that every study can have."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fastweights.studies.papers import paper_of

if TYPE_CHECKING:
    from rich.console import RenderableType


class StudyReport(Protocol):
    """What is shown of a study's results, in the shape of results.json."""

    def terminal(self) -> "RenderableType":
        """What a command ends with: the table, within 80 columns."""
        ...

    def documents(self) -> Mapping[str, str]:
        """The Markdown of everything that a document can have a place for, by name."""
        ...

    def write(self, folder: Path) -> list[Path]:
        """Write the figures and report.html into the folder; returns their paths.

        Each file is replaced in one step. Equal results give equal bytes.

        Raises: FileError if the folder or a file cannot be written.
        """
        ...


def report_of(results: Mapping[str, Any]) -> StudyReport:
    """The report that the preset's paper has for such a study, else a `TableReport`."""
    from fastweights.report.page import TableReport

    paper = paper_of(results["study"].get("preset"))
    own = None if paper is None else paper.report(results)
    return TableReport(results) if own is None else own
