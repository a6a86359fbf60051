"""A study's folder: its runs' files, its lock, and where its record is kept."""

from pathlib import Path
from typing import NamedTuple

import msgspec

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


class _SavedLocation(msgspec.Struct):
    storage: str
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
    saved = _read_location(directory)
    address = url or (saved and saved.storage)
    storage = database_at(address) if address else Journal(directory)
    study = study or (saved and saved.study) or directory.resolve().name
    if saved is not None and saved != _SavedLocation(str(storage), study):
        raise StudyError(
            f"{directory} keeps its record in {saved.storage} as {saved.study!r}; take another folder"
        )
    if saved is None and url is not None and (directory / JOURNAL).exists():
        raise StudyError(f"{directory} keeps its record in its own {JOURNAL}; take another folder")
    return Location(storage, study)


def save_location(directory: Path, location: Location) -> None:
    """Write the location into the folder, unless the record is there itself; a password is not written.

    Raises: FileError if the folder cannot be written.
    """
    if not isinstance(location.storage, Journal):
        saved = _SavedLocation(str(location.storage), location.study)
        content = msgspec.json.format(msgspec.json.encode(saved), indent=1) + b"\n"
        write_atomically(directory / _POINTER, content)


def _read_location(directory: Path) -> _SavedLocation | None:
    path = directory / _POINTER
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=_SavedLocation)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise StudyError(f"{path} does not say where the study's record is, or cannot be read") from None
