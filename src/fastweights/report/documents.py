"""Tables of a study in a Markdown file, so that no number is typed in by hand.

A place for a table is a pair of comments, each on a line of its own:

    <!-- table: verdicts -->
    <!-- end of table -->

What stands between them is replaced. A document with tables of several studies names the study, by its
folder: `<!-- table: quick/verdicts -->`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fastweights.errors import FileError, check
from fastweights.files import open_file, write_atomically

if TYPE_CHECKING:
    from fastweights.studies.papers import StudyReport

_PLACE = re.compile(
    r"^(<!-- table: (?:([^/\n]+)/)?([\w-]+) -->\n)(.*?)^(<!-- end of table -->)$", re.MULTILINE | re.DOTALL
)
_MAX_BYTES = 4 * 2**20


def put(report: "StudyReport", path: Path, study: str) -> None:
    """Write the file anew if the study's report has an export for its ending, else fill the places in it.

    Raises: as `fill`.
    """
    export = report.exports().get(path.suffix.lower())
    if export is None:
        fill(path, report.documents(), study)
    else:
        write_atomically(path, export.encode())


def fill(path: Path, tables: Mapping[str, str], study: str) -> None:
    """Put the tables (Markdown, by name) of a study into the places of a file; a place without a table is
    left empty, and one that names another study as it is.

    Raises: FileError if the file cannot be read or written, InvalidValueError if it has no places.
    """
    with open_file(path) as file:
        content = file.read(_MAX_BYTES + 1)
    try:
        check(len(content) <= _MAX_BYTES, f"{path} has more than {_MAX_BYTES:,} bytes")
        text = content.decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is no text: {error}") from error
    count = sum(place[2] in (None, study) for place in _PLACE.finditer(text))
    check(
        count > 0,
        f"{path} has no place for a table of {study}: <!-- table: NAME --> or <!-- table: {study}/NAME -->, "
        "and <!-- end of table -->",
    )
    filled = _PLACE.sub(
        lambda place: (
            f"{place[1]}\n{tables.get(place[3], '')}\n{place[5]}" if place[2] in (None, study) else place[0]
        ),
        text,
    )
    if filled != text:
        write_atomically(path, filled.encode())
