"""Sequences as text, one a line: `c9k8j3f1??c 9`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fastweights.errors import FileError, InvalidValueError
from fastweights.tasks.base import Dataset, Task

_LONGEST_FILE = 2**28


def write_lines(task: Task, dataset: Dataset) -> str:
    """A line for each sequence: its symbols, a space, its class."""
    lines = zip(dataset.inputs, dataset.targets, strict=True)
    return "".join(f"{task.decode(inputs)} {task.class_name(int(target))}\n" for inputs, target in lines)


def read_lines(task: Task, path: Path) -> Dataset:
    """The inverse of `write_lines`.

    Raises: FileError if the file cannot be read; InvalidValueError, naming the line, if a line is not
    one of the task's sequences followed by a class, or if there is none.
    """
    inputs, targets = [], []
    for number, line in _lines(path):
        try:
            text, _, answer = line.partition(" ")
            symbols = task.encode(text)
            names = [task.class_name(target) for target in range(task.num_classes)]
            if answer not in names:
                raise InvalidValueError(f"expected a space and a class after {text}; got {answer[:20]!r}")
        except InvalidValueError as error:
            raise InvalidValueError(f"{path}, line {number}: {error}") from None
        inputs.append(symbols)
        targets.append(names.index(answer))
    if not inputs:
        raise InvalidValueError(f"{path} holds no sequence")
    return Dataset(np.stack(inputs), np.array(targets, np.int8))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        if path.stat().st_size > _LONGEST_FILE:
            raise FileError(f"{path} has {path.stat().st_size} bytes, more than can be read at once")
        with path.open(encoding="ascii", errors="backslashreplace") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error
