"""Tables of a study in a Markdown file, so that no number is typed in by hand.

A place for a table is a pair of comments, each on a line of its own:

    <!-- table: verdicts -->
    <!-- end of table -->

What stands between them is replaced.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastweights.errors import FileError, check
from fastweights.files import write_atomically
from fastweights.papers.ba2016.findings.conclusions import answer, conclusions
from fastweights.papers.ba2016.findings.stages import has_parts, progress
from fastweights.papers.ba2016.findings.table_entries import cells
from fastweights.papers.ba2016.page.figure_2 import figure_2_seeds
from fastweights.papers.ba2016.page.report import all_grids
from fastweights.report.study_table import markdown_table
from fastweights.report.table import markdown, plain
from fastweights.untrusted import open_file

_PLACE = re.compile(r"^(<!-- table: ([\w-]+) -->\n)(.*?)^(<!-- end of table -->)$", re.MULTILINE | re.DOTALL)
_MAX_BYTES = 4 * 2**20


def places(results: Mapping[str, Any]) -> dict[str, str]:
    """The Markdown of everything that a place can be for, by name."""
    if not has_parts(results):
        return {"table": markdown_table(results)}
    runs = results["runs"]
    table = cells(runs)
    found = [
        f"- **{plain(each.claim)}** {each.word.capitalize()}. {plain(each.evidence)} "
        f"Survives if {plain(each.rule)}.\n"
        for each in conclusions(table, figure_2_seeds(runs))
    ]
    return {
        "answer": plain(" ".join(answer(table))) + "\n",
        "progress": "\n".join(["```", *progress(results), "```\n"]),
        "conclusions": "".join(found),
        **{name: markdown(grid) for name, grid in all_grids(table, runs).items()},
    }


def fill(path: Path, results: Mapping[str, Any]) -> None:
    """Put the tables into the places of a Markdown file; one that has no rows yet leaves its place empty.

    Raises: FileError if the file cannot be read or written, InvalidValueError if it has no places.
    """
    with open_file(path) as file:
        content = file.read(_MAX_BYTES + 1)
    try:
        check(len(content) <= _MAX_BYTES, f"{path} has more than {_MAX_BYTES:,} bytes")
        text = content.decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is no text: {error}") from error
    known = places(results)
    filled, count = _PLACE.subn(lambda found: f"{found[1]}\n{known.get(found[2], '')}\n{found[4]}", text)
    check(count > 0, f"{path} has no place for a table: <!-- table: NAME --> and <!-- end of table -->")
    if filled != text:
        write_atomically(path, filled.encode())
