"""Where the records of studies are kept. Each kind is one of Optuna's storages, so that its tools and its
dashboard can read them. Here is the journal in the study's folder; databases.py has the others.

This module does not import JAX.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from fastweights.errors import FastweightsError, FileError, StudyError, printable, reason

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

JOURNAL = "study.journal"
# What Optuna raises when it reads what it did not write, or wrote at another version.
_READING_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Storage(ABC):
    """A journal or a database, which has the records of studies."""

    one_study: bool
    """Whether there is room for a single study, whatever its name."""

    @abstractmethod
    def __str__(self) -> str:
        """As messages name it: without a password."""

    @abstractmethod
    def open(self, *, create: bool) -> "BaseStorage":
        """Optuna's storage. With `create` it is made if there is none; without, nothing is written.

        Raises: StudyError if there is none, or if what is there is something else or of another version
        of Optuna; FileError if it cannot be read or written.
        """

    @abstractmethod
    def owning(self, study: str) -> AbstractContextManager[Callable[[], None]]:
        """Own a study for as long as the context lasts, at most until the process ends; the context's
        function raises StudyError if it is owned no longer.

        Raises: StudyError, naming the owner, if another coordinator owns it.
        """

    @abstractmethod
    def owner(self, study: str) -> str | None:
        """The coordinator at work on the study, as it describes itself; None if there is none."""

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the errors of Optuna, of a database and of the file system into FileError or StudyError."""
        try:
            yield
        except FastweightsError:
            raise
        except OSError as error:
            raise FileError(f"cannot use {self}: {reason(error)}") from error
        except self._failures() as error:
            raise StudyError(f"cannot use {self}: {_reason(error)}") from error
        except _READING_ERRORS as error:
            raise StudyError(
                f"{self} is not the record of a study, is damaged, or is of another version: {_reason(error)}"
            ) from error

    def _failures(self) -> tuple[type[Exception], ...]:
        """The errors which mean that the storage does not work."""
        return ()


class Journal(Storage):
    """Optuna's journal in the study's folder: an append-only text file, a JSON object a line."""

    one_study = True

    def __init__(self, directory: Path) -> None:
        self._path = Path(directory) / JOURNAL

    def __str__(self) -> str:
        return str(self._path)

    def open(self, *, create: bool) -> "BaseStorage":
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        if not create and not self._path.exists():
            raise StudyError(f"there is no study in {self._path.parent}")
        with self.errors():
            # A journal starts as an empty file, so opening it shows whether it can be written.
            backend = JournalFileBackend(str(self._path))
            if create and self._is_begun():
                self.repair()
            storage = JournalStorage(backend)
            if self._path.stat().st_size and not storage.get_all_studies():
                raise StudyError(f"{self} is not the journal of a study, or is damaged")
            return storage

    def _is_begun(self) -> bool:
        """Whether it ends within the first line, because its writer was killed."""
        with self._path.open("rb") as file:
            start = file.read(4096)
        return start.startswith(b'{"op_code":0,') and len(start) < 4096 and b"\n" not in start

    def owning(self, study: str) -> AbstractContextManager[Callable[[], None]]:
        return nullcontext(lambda: None)  # the lock of the folder protects its journal, too

    def owner(self, study: str) -> str | None:
        return None

    def repair(self) -> None:
        """Remove what a coordinator has left that was killed, or whose disk was full: Optuna's lock, for
        which the next one would wait half a minute, and an incomplete last line, to which the next entry
        would be appended."""
        with self.errors():
            self._path.with_name(f"{self._path.name}.lock").unlink(missing_ok=True)
            with self._path.open("r+b") as file:
                *whole, last = file.read().splitlines(keepends=True) or [b""]
                if not _is_entry(last):
                    file.truncate(sum(map(len, whole)))


def _is_entry(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _reason(error: BaseException) -> str:
    """The error's message in one line; the database's own where there is one."""
    while error.__cause__ is not None or getattr(error, "orig", None) is not None:
        error = getattr(error, "orig", None) or error.__cause__  # type: ignore[assignment]
    return printable(" ".join(str(error).split())) or type(error).__name__
