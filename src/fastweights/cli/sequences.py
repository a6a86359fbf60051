"""Sequences as text, one a line: `c9k8j3f1??c 9`."""

import contextlib
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fastweights.errors import FileError, InvalidValueError, printable, reason
from fastweights.files import open_file, write_atomically
from fastweights.tasks.base import Dataset, Task, integer_type

STREAM = Path("-")
"""As a path: standard input or standard output."""

_BLOCK = 65_536
_MAX_LINE = 1_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def write_lines(task: Task, dataset: Dataset) -> str:
    """A line for each sequence: its symbols, a space, its class."""
    text = io.StringIO()
    for inputs, target in zip(dataset.inputs, dataset.targets, strict=True):
        text.write(f"{task.decode(inputs)} {task.class_name(int(target))}\n")
    return text.getvalue()


def write_file(path: Path, text: str) -> None:
    """Write the text to a file, compressed if its name ends in `.gz`. Raises FileError if it cannot be."""
    content = text.encode()
    write_atomically(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def read_lines(task: Task, path: Path) -> Iterator[Dataset]:
    """The inverse of `write_lines`, in datasets of at most 65,536 sequences: memory is bounded, however
    long the file, compressed (gzip) or not. The path `-` is standard input. Lines of white space are skipped;
    a line may end as on Windows, the last one anyhow; a byte order mark may stand at the beginning.

    Raises: FileError if the file cannot be read; InvalidValueError, naming the line, if a line is not
    one of the task's sequences followed by a class, or if there is none.
    """
    names = [task.class_name(target) for target in range(task.num_classes)]
    symbols, targets = bytearray(), list[int]()
    symbol_type, is_empty = integer_type(task.num_symbols), True
    for number, line in _lines(path):
        try:
            text, _, answer = line.partition(" ")
            encoded = task.encode(text)
            if answer not in names:
                raise InvalidValueError(f"expected a space and a class after {text}; got {answer[:20]!r}")
        except InvalidValueError as error:
            raise InvalidValueError(f"{_name(path)}, line {number}: {error}") from None
        is_empty = False
        symbols += encoded.astype(symbol_type).tobytes()
        targets.append(names.index(answer))
        if len(targets) == _BLOCK:
            yield _dataset(task, symbols, targets)
            symbols, targets = bytearray(), []
    if targets:
        yield _dataset(task, symbols, targets)
    if is_empty:
        raise InvalidValueError(f"{_name(path)} holds no sequence")


def _dataset(task: Task, symbols: bytearray, targets: list[int]) -> Dataset:
    inputs = np.frombuffer(symbols, integer_type(task.num_symbols)).reshape(-1, task.length)
    return Dataset(inputs, np.array(targets, integer_type(task.num_classes)))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; what is not ASCII is escaped, and so no sequence."""
    try:
        with _open(path) as file:
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
                if len(line) > _MAX_LINE:
                    raise InvalidValueError(
                        f"{_name(path)}, line {number}: it has more than {_MAX_LINE:,} characters"
                    )
                content = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
                if content.strip():
                    yield (
                        number,
                        content.removesuffix(b"\n").removesuffix(b"\r").decode("ascii", "backslashreplace"),
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"cannot read {_name(path)}: {reason(error)}") from error


@contextlib.contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """The file, or standard input; decompressed as it is read, if it begins like a file of gzip."""
    if path == STREAM and sys.stdin is None:
        raise FileError("cannot read standard input: it is closed")
    with contextlib.ExitStack() as stack:
        file: Any = sys.stdin.buffer if path == STREAM else stack.enter_context(open_file(path))
        if file.peek(2)[:2] == b"\x1f\x8b":
            file = stack.enter_context(gzip.GzipFile(fileobj=file))
        yield file


def _name(path: Path) -> str:
    return "standard input" if path == STREAM else printable(path)
