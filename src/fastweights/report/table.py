"""A table as text: on a terminal, in Markdown, LaTeX and CSV; templates/table.html.j2 has HTML."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from rich import box
from rich import table as rich_table
from rich.markup import escape

from fastweights.studies.analysis.runs import grouped

Item = TypeVar("Item")

_LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "–": "--",
    "×": r"$\times$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "[": "{[}",  # after a line's end it would be an option of it
    "|": r"\textbar{}",
}
# GitHub's Markdown takes backslashes before these; not every other does.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;"})


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

    def terminal(self) -> rich_table.Table:
        """For rich to print, below the title if there is one, without the legend."""
        shown = rich_table.Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
        if self.title:
            shown.title, shown.title_justify, shown.title_style = f"\n{escape(self.title)}", "left", "bold"
        for column in self.columns:
            if column.kind == "number":
                heading = column.heading.replace(" %", "\n%").replace(" & ", "&")
                shown.add_column(escape(heading), justify="right", no_wrap=True)
            else:
                shown.add_column(escape(column.heading), min_width=column.min_width, overflow="fold")
        sections = len(self.groups) < len(self.rows)
        for group in self.groups:
            if shown.row_count and sections:
                shown.add_section()
            for i, (row, bold) in enumerate(group):
                first = row[0] if i == 0 else ""
                shown.add_row(*map(escape, [first, *row[1:]]), style="bold" if bold else None)
        return shown

    def csv(self) -> str:
        """As comma-separated values (RFC 4180): the headings, then the rows."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(column.heading for column in self.columns)
        writer.writerows(self.rows)
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


def latex(tables: Sequence[Table]) -> str:
    """A `tabular` of LaTeX for the tables with the same columns, each table below its title; the legend is a
    comment. It needs the packages booktabs and textcomp."""
    alike = grouped(tables, lambda table: tuple(table.columns))
    return "\n".join(map(_tabular, alike.values()))


def _tabular(tables: Sequence[Table]) -> str:
    first = tables[0]
    columns = "".join("r" if column.kind == "number" else "l" for column in first.columns)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    lines.append(_latex_row(column.heading for column in first.columns))
    for table in tables:
        lines.append(r"\midrule")
        if table.title:
            lines += [rf"\multicolumn{{{len(columns)}}}{{l}}{{{_latex(table.title)}}} \\", r"\midrule"]
        for i, group in enumerate(table.groups):
            lines += [r"\addlinespace"] * bool(i)
            for j, (row, bold) in enumerate(group):
                first_cell, *others = row
                lines.append(_latex_row([first_cell if j == 0 else "", *others], bold=bold))
    legend = " ".join(first.legend.split())
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", *([f"% {legend}"] if legend else [])]) + "\n"


def _latex_row(cells: Iterable[str], *, bold: bool = False) -> str:
    texts = [_latex(cell) for cell in cells]
    return " & ".join(rf"\textbf{{{text}}}" if bold and text else text for text in texts) + r" \\"


def _latex(text: str) -> str:
    """Text that stays text in LaTeX."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def plain(text: str) -> str:
    """Text that stays text in Markdown: no markup, and no end of a cell or of a line."""
    return re.sub(r"([\\`*_\[\]#])", r"\\\1", " ".join(text.split())).translate(_ENTITIES)
