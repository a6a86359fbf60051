"""Tables of a study in a Markdown file, so that no number is typed in by hand.

A place for a table is a pair of comments, each on a line of its own:

    <!-- table: verdicts -->
    <!-- end of table -->

What stands between them is replaced.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fastweights.errors import FileError, check
from fastweights.files import open_file, write_atomically

if TYPE_CHECKING:
    from fastweights.studies.papers import StudyReport

_PLACE = re.compile(r"^(<!-- table: ([\w-]+) -->\n)(.*?)^(<!-- end of table -->)$", re.MULTILINE | re.DOTALL)
_MAX_BYTES = 4 * 2**20


def put(report: "StudyReport", path: Path) -> None:
    """Write the file anew if the report has an export for its ending, else fill the places in it.

    Raises: as `fill`.
    """
    export = report.exports().get(path.suffix.lower())
    if export is None:
        fill(path, report.documents())
    else:
        write_atomically(path, export.encode())


def fill(path: Path, tables: Mapping[str, str]) -> None:
    """Put the tables (Markdown, by name) into the places of a file; a place without a table is left empty.

    Raises: FileError if the file cannot be read or written, InvalidValueError if it has no places.
    """
    with open_file(path) as file:
        content = file.read(_MAX_BYTES + 1)
    try:
        check(len(content) <= _MAX_BYTES, f"{path} has more than {_MAX_BYTES:,} bytes")
        text = content.decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is no text: {error}") from error
    filled, count = _PLACE.subn(lambda place: f"{place[1]}\n{tables.get(place[2], '')}\n{place[4]}", text)
    check(count > 0, f"{path} has no place for a table: <!-- table: NAME --> and <!-- end of table -->")
    if filled != text:
        write_atomically(path, filled.encode())
