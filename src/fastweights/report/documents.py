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

from fastweights.errors import FileError, check, suggestion
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
    """Put the tables (Markdown, by name) of a study into the places of a file; a place that names another
    study stays as it is.

    Raises: FileError if the file cannot be read or written, InvalidValueError if it has no places, or one for
    a table that there is not.
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

    def put_table(place: re.Match[str]) -> str:
        if place[2] not in (None, study):
            return place[0]
        check(
            place[3] in tables,
            f"{path} has a place for {place[3]!r}, which is no table of {study}"
            f"{suggestion(place[3], tables)}; there are {', '.join(tables)}",
        )
        return f"{place[1]}\n{tables[place[3]]}\n{place[5]}"

    filled = _PLACE.sub(put_table, text)
    if filled != text:
        write_atomically(path, filled.encode())
