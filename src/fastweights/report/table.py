"""A table as text: on a terminal, in Markdown and CSV; latex.py has LaTeX, templates/table.html.j2 HTML."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from rich import box
from rich import table as rich_table
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markup import escape
from rich.measure import Measurement

from fastweights.report.labels import Rounded, digits

Item = TypeVar("Item")

# GitHub's Markdown takes backslashes before these; not every other does.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;"})


_ANY_WIDTH, _LEAST_NAME = 10_000, 12


@dataclass(frozen=True)
class Column:
    """A heading, and how the cells below it are set."""

    heading: str
    kind: Literal["number", "word", "sentence"] = "number"
    """Numbers are aligned to the right and stay on one line."""
    min_width: int = 0
    """On a terminal, of a column of words: these are folded where it is narrow."""


R = Column("R")
MODEL = Column("model", "word", min_width=12)


def numbers(*headings: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(map(Column, headings))


@dataclass(frozen=True)
class Table:
    """A table of texts. Rows that begin alike belong together. Line breaks in headings and cells show on a
    terminal only."""

    name: str
    """Of its place in a document."""
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    legend: str = ""
    """What the columns mean, and whatever the rows cannot say."""
    bold: Collection[int] = ()
    """Indices of rows that stand out."""

    @classmethod
    def of(
        cls,
        name: str,
        title: str,
        items: Iterable[Item],
        columns: Mapping[Column | str, Callable[[Item], str]],
        legend: str = "",
        bold: Collection[int] = (),
    ) -> "Table":
        """A row for each item; each column says which text an item has there. A heading alone is a column of
        numbers."""
        headings = [column if isinstance(column, Column) else Column(column) for column in columns]
        rows = [[text(item) for text in columns.values()] for item in items]
        return cls(name, title, headings, rows, legend, bold)

    @property
    def groups(self) -> list[list[tuple[Sequence[str], bool]]]:
        """The rows, each with whether it is bold; those together that begin alike."""
        groups: list[list[tuple[Sequence[str], bool]]] = []
        for i, row in enumerate(self.rows):
            if not groups or groups[-1][0][0][0] != row[0]:
                groups.append([])
            groups[-1].append((row, i in self.bold))
        return groups

    def terminal(self) -> RenderableType:
        """For rich to print, below the title if there is one, without the legend. Where it would be too wide,
        names are broken after their hyphens."""
        return _OnTerminal(self)

    def csv(self) -> str:
        """As comma-separated values (RFC 4180): the headings, then the rows. A number that was rounded is
        there in full; where a cell holds several, as a mean and its interval, each has a column, and so has
        what a cell says in words instead. `inf` is what never happened."""
        columns = [
            column
            for i, column in enumerate(self.columns)
            for column in _full_columns(column.heading, [row[i] for row in self.rows])
        ]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(heading for heading, _ in columns)
        writer.writerows(zip(*(cells for _, cells in columns), strict=True) if self.rows else ())
        return text.getvalue()

    def markdown(self) -> str:
        """In GitHub's Markdown, without the title, with the legend below."""
        marks = ["---:" if column.kind == "number" else ":---" for column in self.columns]
        lines = [[" ".join(column.heading.split()) for column in self.columns], marks]
        for i, row in enumerate(self.rows):
            first, *others = map(plain, row)
            lines.append([first, *(f"**{cell}**" if cell and i in self.bold else cell for cell in others)])
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join(filter(None, [table, plain(self.legend)])) + "\n"


@dataclass(frozen=True)
class _OnTerminal:
    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        whole = self._of_widths({})
        needed = Measurement.get(console, options.update(max_width=_ANY_WIDTH), whole).maximum
        excess = needed - options.max_width
        if excess <= 0:
            yield whole
            return
        longest = {
            i: max(map(len, (row[i] for row in self.table.rows)), default=0)
            for i, column in enumerate(self.table.columns)
            if column.kind == "word"
        }
        widest = max(longest, key=lambda i: longest[i], default=-1)
        yield self._of_widths({widest: max(longest.get(widest, 0) - excess, _LEAST_NAME)})

    def _of_widths(self, widths: Mapping[int, int]) -> rich_table.Table:
        """Names in columns that have a width are broken to fit into it, if hyphens allow it."""
        table = self.table
        shown = rich_table.Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
        if table.title:
            shown.title, shown.title_justify, shown.title_style = f"\n{escape(table.title)}", "left", "bold"
        for column in table.columns:
            if column.kind == "number":
                heading = column.heading.replace(" %", "\n%").replace(" & ", "&")
                shown.add_column(escape(heading), justify="right", no_wrap=True)
            else:
                shown.add_column(escape(column.heading), min_width=column.min_width, overflow="fold")
        sections = len(table.groups) < len(table.rows)
        for group in table.groups:
            if shown.row_count and sections:
                shown.add_section()
            for i, (row, bold) in enumerate(group):
                cells = [_broken(cell, widths[j]) if j in widths else cell for j, cell in enumerate(row)]
                first = cells[0] if i == 0 else ""
                shown.add_row(*map(escape, [first, *cells[1:]]), style="bold" if bold else None)
        return shown


def _broken(text: str, width: int) -> str:
    """With an end of a line after a hyphen where a word would be longer than the width."""
    words = []
    for word in text.split(" "):
        lines = [""]
        for part in re.findall(r"[^-]*-|[^-]+", word) or [""]:
            if lines[-1] and len(lines[-1]) + len(part) > width:
                lines.append("")
            lines[-1] += part
        words.append("\n".join(lines))
    return " ".join(words)


def _full_columns(heading: str, cells: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The headings and cells that one column has with its numbers in full."""
    parts = list(dict.fromkeys(part for cell in cells if isinstance(cell, Rounded) for part in cell.numbers))
    if not parts:
        return [(heading, [" ".join(cell.split()) for cell in cells])]
    words = ["" if isinstance(cell, Rounded) or cell == "–" else " ".join(cell.split()) for cell in cells]
    columns = [
        (
            f"{heading}: {part}" if part else heading,
            [
                digits(cell.numbers[part]) if isinstance(cell, Rounded) and part in cell.numbers else ""
                for cell in cells
            ],
        )
        for part in parts
    ]
    return [*columns, *([(f"{heading}: in words", words)] if any(words) else [])]


def plain(text: str) -> str:
    """Text that stays text in Markdown: no markup, and no end of a cell or of a line."""
    return re.sub(r"([\\`*_\[\]#])", r"\\\1", " ".join(text.split())).translate(_ENTITIES)
