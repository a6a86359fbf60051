"""Writing files so that a reader never sees half of one."""

import glob
import os
import tempfile
from pathlib import Path

from fastweights.errors import FileError


def cache_folder() -> Path:
    """The user's folder for what can be made again: `fastweights` in `$XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fastweights"


def make_private(folder: Path) -> None:
    """Make a folder for programs. They are run as they are found, so nobody else may put any there.

    Raises: OSError if the folder cannot be made or written, or is not the user's alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.stat()
    if about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise PermissionError(f"{folder} can be written by others")
    tempfile.TemporaryFile(dir=folder).close()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`, or leave it as it was.

    The content goes to a temporary file in the same folder, is flushed to the disk, and takes the name
    in one step. A kill or a full disk at any moment leaves the previous file intact.

    Raises: FileError if the folder or the file cannot be written.
    """
    path = Path(path)
    temporary = None
    try:
        _check_replaceable(path)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
        temporary = None
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {path}: {_reason(error)}") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what kills in the middle of `write_atomically` left beside `path`; for who alone writes it.

    Raises: FileError if something is there and cannot be removed.
    """
    path = Path(path)
    try:
        # As many characters as `mkstemp` draws: one more, and the files of longer names would be meant too.
        for leftover in path.parent.glob(f".{glob.escape(path.name)}.{'?' * 8}.tmp"):
            leftover.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot tidy up beside {path}: {_reason(error)}") from error


def check_writable(path: Path) -> None:
    """Raise FileError unless a file can be written at `path`: before long work, not after it."""
    path = Path(path)
    try:
        _check_replaceable(path)
        tempfile.TemporaryFile(dir=path.parent).close()
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {path}: {_reason(error)}") from error


def make_folder(path: Path) -> None:
    """Create the folder and its parents. Raises FileError if that is impossible."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot create the folder {path}: {_reason(error)}") from error


def _check_replaceable(path: Path) -> None:
    """What is no file, such as a folder, /dev/null or a pipe, must not become one."""
    if path.is_dir():
        raise FileError(f"cannot write {path}: it is a folder")
    if path.exists() and not path.is_file():
        raise FileError(f"cannot write {path}: it is not a file")
    if not path.parent.is_dir():
        raise FileError(f"cannot write {path}: there is no folder {path.parent}")


def _reason(error: OSError | ValueError) -> str:
    """A ValueError is a name that no file can have: one with a NUL in it."""
    return getattr(error, "strerror", None) or str(error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
