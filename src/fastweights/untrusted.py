"""Opening files that come from outside, which may be anything."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from fastweights.errors import FileError, printable, reason


def open_file(path: Path) -> BinaryIO:
    """Open a file to read its bytes; pipes, devices and folders are refused, and nothing waits for them.

    Raises: FileError if there is no regular file at the path, or it cannot be read.
    """
    try:
        # Asked before it is opened: opening a device may do something.
        _check_regular(path, Path(path).stat())
        # What takes its place meanwhile is seen below; without O_NONBLOCK a pipe would wait for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            _check_regular(path, os.fstat(handle))
            return os.fdopen(handle, "rb")
        except BaseException:
            os.close(handle)
            raise
    except (OSError, ValueError) as error:  # ValueError: a path that no file system can hold
        raise FileError(f"cannot read {printable(path)}: {reason(error)}") from error


def _check_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"cannot read {printable(path)}: it is not a file")
