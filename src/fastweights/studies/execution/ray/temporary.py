"""Temporary folders of programs that may be killed: the next program removes what they left."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_SETTLED_SECONDS = 60


@contextlib.contextmanager
def temporary_folder(prefix: str, base: str | None = None) -> Iterator[Path]:
    """A new folder in `base`, by default where the machine's temporary files are; those that killed programs
    have left under the same prefix are removed first.

    A folder in use is locked, and the lock ends with its program. A new one may not be locked yet, so those
    of the last minute stay.

    Raises: OSError if it cannot be made.
    """
    base = base or tempfile.gettempdir()
    for old in Path(base).glob(f"{prefix}*"):
        with contextlib.suppress(OSError), _locked(old):
            if time.time() - old.stat().st_mtime > _SETTLED_SECONDS:
                shutil.rmtree(old)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
