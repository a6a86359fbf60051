"""Locks that end with the process that holds them, however it ends."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from fastweights.errors import FileError, StudyError, reason

_PATIENCE_SECONDS = 0.5
"""Longer than `lock_owner` takes; a coordinator holds its lock for much longer."""


def describe_process() -> str:
    """This process, as messages to others that want its lock name it."""
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return f"process {os.getpid()} on {os.uname().nodename} since {since}"


@contextmanager
def hold_lock(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file at `path`, which protects `what`; a second file beside it names the owner.

    The lock is the operating system's (`flock`): it ends with its process. On a network file system it
    holds between machines if the file system's locks do (NFS 4 does).

    Raises: StudyError, naming the owner, if another process or thread holds it; FileError if the folder
    cannot be written.
    """
    lock, owner = FileLock(path), path.with_name(f"{path.name}.owner")
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
        owner.write_text(describe_process())
    except Timeout:
        raise StudyError(f"{what} is in use by another coordinator ({_read(owner)})") from None
    except OSError as error:
        raise FileError(f"cannot use {what}: {reason(error)}") from error
    try:
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def lock_owner(path: Path) -> str | None:
    """The process that holds the lock file at `path`; None if none does. Locks and writes nothing."""
    owner = path.with_name(f"{path.name}.owner")
    if not owner.exists():
        return None
    # A killed process leaves its name, but not its lock.
    try:
        with path.open() as file:
            return _read(owner) if _locked(file.fileno()) else None
    except OSError:
        return None


def _locked(descriptor: int) -> bool:
    import fcntl

    try:
        # A shared lock is refused while a process holds the exclusive one; it ends with the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read(owner: Path) -> str:
    try:
        return owner.read_text()[:200]
    except OSError:
        return "unknown"
