"""The table of a study, for a terminal and in Markdown."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from fastweights.report.rows import Row, grouped, legend, notes, rows
from fastweights.report.table import plain
from fastweights.studies.analysis.settings import summarise

_HEADINGS = ("R", "model", "test error %", "seeds", "paper %", "floor %", "parameters", "updates", "time")


def terminal_table(results: Mapping[str, Any]) -> Table:
    """The table for a terminal; the caption holds the notes."""
    lines = rows(summarise(results["runs"]), results["runs"])
    # Narrow enough for 80 columns; what is longer goes on a line of its own.
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False, show_edge=False)
    table.caption_justify, table.caption_style = "left", ""
    for heading in _HEADINGS:
        if heading in ("model", "test error %"):
            table.add_column(heading, min_width=12, overflow="fold")
        else:
            table.add_column(heading.replace(" %", "\n%"), justify="right", no_wrap=True)
    for group in grouped(lines):
        if table.row_count:
            table.add_section()
        if len(_tasks(lines)) > 1:
            table.add_row("", f"[italic]{escape(group[0].task)}[/]")
        for i, row in enumerate(group):
            size = str(row.hidden_size) if i == 0 else ""
            cells = [size, row.model, "\n".join(row.test_error), *row.cells[2:]]
            table.add_row(*map(escape, cells), style="bold" if row.lowest else None)
    table.caption = escape("\n".join(["", *notes(lines), " ".join(legend(lines))]))
    return table


def markdown_table(results: Mapping[str, Any]) -> str:
    """The table in GitHub's Markdown, one for each task, with its notes as a list."""
    lines = rows(summarise(results["runs"]), results["runs"])
    parts = []
    for task in _tasks(lines):
        if len(_tasks(lines)) > 1:
            parts.append(f"**{plain(task)}**")
        table = [_HEADINGS, ["---:", ":---", ":---", *["---:"] * (len(_HEADINGS) - 3)]]
        for row in lines:
            if row.task == task:
                cells = [plain(cell) for cell in row.cells]
                if row.lowest:
                    cells[:2] = [f"**{cell}**" for cell in cells[:2]]
                table.append([str(row.hidden_size), *cells])
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in table))
    remarks = [f"- {plain(note)}" for note in notes(lines)]
    parts += ["\n".join(remarks)] * bool(remarks) + [plain(" ".join(legend(lines)))]
    return "\n\n".join(parts) + "\n"


def _tasks(lines: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row.task for row in lines))
