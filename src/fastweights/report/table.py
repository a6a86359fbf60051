"""A table as text, and how it is written in Markdown; the page and the terminal show the same cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

WORDS = frozenset({"R", "model", "choice", "value", "selected", "verdict", "why", "setting"})
"""Columns of words; all others hold numbers."""
# Not every Markdown knows backslashes before these, as GitHub's does.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;"})


@dataclass(frozen=True)
class Grid:
    """A table of texts. Rows that begin alike belong together."""

    name: str
    """Of its place in a document."""
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    legend: str
    """What the columns mean, and whatever the rows cannot say."""

    @property
    def groups(self) -> list[list[Sequence[str]]]:
        """The rows, those together that begin alike."""
        groups: list[list[Sequence[str]]] = []
        for row in self.rows:
            if groups and groups[-1][0][0] == row[0]:
                groups[-1].append(row)
            else:
                groups.append([row])
        return groups

    @staticmethod
    def kind(heading: str) -> str:
        """The class of a column's cells on the page."""
        if heading in ("why", "value", "selected"):
            return "why" if heading == "why" else "word"
        return "" if heading in WORDS and heading != "R" else "number"


def markdown(grid: Grid) -> str:
    """The grid in GitHub's Markdown, with its legend."""
    marks = [":---" if heading in WORDS - {"R"} else "---:" for heading in grid.headings]
    lines = [grid.headings, marks, *([plain(cell) for cell in row] for row in grid.rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([table, plain(grid.legend)]) + "\n"


def plain(text: str) -> str:
    """Text that stays text in Markdown: no markup, and no end of a cell or of a line."""
    return re.sub(r"([\\`*_\[\]#])", r"\\\1", " ".join(text.split())).translate(_ENTITIES)
