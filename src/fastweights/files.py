"""Writing files so that a reader never sees half of one, and opening those that may be anything."""

import contextlib
import glob
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

from fastweights.errors import FileError, printable, reason


def cache_folder() -> Path:
    """The user's folder for what can be computed again: `fastweights` in `$XDG_CACHE_HOME` or `~/.cache`.

    Raises: RuntimeError if the user has no home folder.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fastweights"


def make_private(folder: Path) -> None:
    """Make a folder for compiled code. It is run as it is found, so nobody else may write there.

    Raises: OSError if the folder cannot be made or written, or is not the user's alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise PermissionError(f"{folder} can be written by others")
    tempfile.TemporaryFile(dir=folder).close()


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


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`, or leave it as it was.

    The content goes to a temporary file in the same folder, is flushed to the disk, and takes the name
    in one step. A kill or a full disk at any moment leaves the previous file intact. A symbolic link stays:
    the file that it points to is replaced. The new file has the mode and, where the user may give a file
    away, the owner of the old one; where there was none, its mode is by the umask.

    Raises: FileError if the folder or the file cannot be written, or something else than a file is there.
    """
    temporary = None
    try:
        target, old = _resolve(path)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o600 if old else 0o666), "wb") as file:
            if old:
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
                os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        temporary = None
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {path}: {reason(error)}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):  # it was never made, for a reason that is on its way
                temporary.unlink()


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files that a process killed in `write_atomically` left beside `path`.

    Only for a caller who knows that nobody writes the file at the moment.

    Raises: FileError if something is there and cannot be removed.
    """
    try:
        target = Path(os.path.realpath(path))
        # As many characters as `write_atomically` draws: one more, and the files of longer names match too.
        for leftover in target.parent.glob(f".{glob.escape(target.name)}.{'?' * 8}.tmp"):
            leftover.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot tidy up beside {path}: {reason(error)}") from error


def check_writable(path: Path) -> None:
    """Raise FileError unless a file can be written at `path`: before long work, not after it."""
    try:
        target, _ = _resolve(path)
        tempfile.TemporaryFile(dir=target.parent).close()
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {path}: {reason(error)}") from error


def make_folder(path: Path) -> None:
    """Create the folder and its parents. Raises FileError if that is impossible."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot create the folder {path}: {reason(error)}") from error


def _check_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"cannot read {printable(path)}: it is not a file")


def _resolve(path: Path) -> tuple[Path, os.stat_result | None]:
    """The path without symbolic links, and the status of the regular file there, if there is one.

    Raises: FileError if something else is there, such as a folder or a device, or no folder around it.
    """
    target = Path(os.path.realpath(path))
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise FileError(f"cannot write {path}: there is no folder {target.parent}") from None
        return target, None
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"cannot write {path}: it is a folder")
    # A link below /proc may lead to a file that has no name any more.
    if not stat.S_ISREG(status.st_mode) or not target.exists() or not os.path.samestat(status, target.stat()):
        raise FileError(f"cannot write {path}: it is not a file")
    return target, status
