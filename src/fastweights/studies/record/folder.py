"""A study's folder: its runs' files, its lock, and where its record is kept."""

import json
from pathlib import Path
from typing import NamedTuple

from fastweights.errors import StudyError, check
from fastweights.files import write_atomically
from fastweights.studies.record.databases import database_at
from fastweights.studies.record.storage import JOURNAL, Journal, Storage

RUNS = "runs"
LOCK = "coordinator.lock"
_POINTER = "study.json"


class Location(NamedTuple):
    """Where the record of a study is."""

    storage: Storage
    study: str


def locate(directory: Path, url: str | None = None, study: str | None = None) -> Location:
    """The location of the record of the study in `directory`.

    A folder that has a study has a fixed location. For a new study it is the storage at `url`, by default a
    journal in the folder itself, and the name `study`, by default the folder's.

    Raises: StudyError if the folder's record is at another location than `url` and `study`; what
    `database_at` raises.
    """
    directory = Path(directory)
    check("\0" not in str(directory), "the name of a folder cannot hold a NUL character")
    saved = _read_pointer(directory)
    address = url or (saved and saved[0])
    storage = database_at(address) if address else Journal(directory)
    study = study or (saved and saved[1]) or directory.resolve().name
    if saved is not None and (str(storage), study) != saved:
        raise StudyError(f"{directory} keeps its record in {saved[0]} as {saved[1]!r}; take another folder")
    if saved is None and url is not None and (directory / JOURNAL).exists():
        raise StudyError(f"{directory} keeps its record in its own {JOURNAL}; take another folder")
    return Location(storage, study)


def save_location(directory: Path, location: Location) -> None:
    """Write the location into the folder, unless the record is there itself; a password is not written.

    Raises: FileError if the folder cannot be written.
    """
    if not isinstance(location.storage, Journal):
        content = json.dumps({"storage": str(location.storage), "study": location.study}, indent=1) + "\n"
        write_atomically(directory / _POINTER, content.encode())


def _read_pointer(directory: Path) -> tuple[str, str] | None:
    path = directory / _POINTER
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        storage, study = value["storage"], value["study"]
        if not isinstance(storage, str) or not isinstance(study, str):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise StudyError(f"{path} does not say where the study's record is, or cannot be read") from None
    return storage, study
