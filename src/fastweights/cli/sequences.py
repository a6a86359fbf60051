"""Sequences as text, one a line with its answers: `c9k8j3f1??c 9`, `0.5:1,0.7:0,0.25:1 0.75`."""

import contextlib
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fastweights.errors import MAX_SCALE, FileError, InvalidValueError, check, printable, reason, shown
from fastweights.files import open_file, write_atomically
from fastweights.tasks.base import Dataset, Task, integer_type, shapes_of

STREAM = Path("-")
"""As a path: standard input or standard output."""

_BLOCK = 65_536
_BLOCK_NUMBERS = 64 * _BLOCK
_LEAST_LINE = 1_000
_NUMBER_WIDTH = 32
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def write_lines(task: Task, dataset: Dataset) -> str:
    """A line for each sequence: its inputs, a space, its answers with commas between them."""
    text = io.StringIO()
    for i, (inputs, targets) in enumerate(zip(dataset.inputs, dataset.targets, strict=True)):
        sequence = inputs if dataset.lengths is None else inputs[: dataset.lengths[i]]
        answers = targets[None] if dataset.mask is None else targets[dataset.mask[i]]
        text.write(f"{task.decode(sequence)} {','.join(written(task, answer) for answer in answers)}\n")
    return text.getvalue()


def written(task: Task, answer: np.ndarray) -> str:
    """An answer as text: a class by its name, a vector as its numbers with colons between them."""
    return ":".join(map(str, answer)) if task.num_classes is None else task.class_name(int(answer))


def write_file(path: Path, text: str) -> None:
    """Write the text to a file, compressed if its name ends in `.gz`. Raises FileError if it cannot be."""
    content = text.encode()
    write_atomically(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def read_lines(task: Task, path: Path) -> Iterator[Dataset]:
    """The inverse of `write_lines`, in datasets of at most 65,536 sequences: memory is bounded, however
    long the file, compressed (gzip) or not. The path `-` is standard input. Lines of white space are skipped;
    a line may end as on Windows, the last one anyhow; a byte order mark may stand at the beginning.

    Raises: FileError if the file cannot be read; InvalidValueError, naming the line, if a line is not
    one of the task's sequences followed by its answers, or if there is none.
    """
    block, parts, is_empty = _Block(task), task.length * (task.num_channels or 1), True
    most = max(_LEAST_LINE, _NUMBER_WIDTH * parts)
    for number, line in _lines(path, most):
        try:
            text, _, answers = line.partition(" ")
            block.add(text, answers)
        except InvalidValueError as error:
            raise InvalidValueError(f"{_name(path)}, line {number}: {error}") from None
        is_empty = False
        if len(block.lengths) == max(1, min(_BLOCK, _BLOCK_NUMBERS // parts)):
            yield block.dataset()
            block = _Block(task)
    if block.lengths:
        yield block.dataset()
    if is_empty:
        raise InvalidValueError(f"{_name(path)} holds no sequence")


class _Block:
    """Sequences that were read, as the bytes of their arrays."""

    def __init__(self, task: Task) -> None:
        self._task, self._shapes = task, shapes_of(task)
        counts = task.num_symbols, task.num_classes
        self._types = [np.dtype(np.float32) if count is None else integer_type(count) for count in counts]
        self._classes = {task.class_name(number): number for number in range(task.num_classes or 0)}
        self._inputs, self._targets, self._mask, self.lengths = (
            bytearray(),
            bytearray(),
            bytearray(),
            list[int](),
        )

    def add(self, text: str, answers: str) -> None:
        """Read a line. Raises: InvalidValueError."""
        sequence = self._task.encode(text)
        inputs = np.zeros(self._shapes.inputs.shape, self._types[0])
        inputs[: len(sequence)] = sequence
        targets, asked = np.zeros(self._shapes.targets.shape, self._types[1]), self._task.asked(sequence)
        if asked is None:
            targets[...] = self._answer(text, answers)
        else:
            mask = np.zeros(self._task.length, bool)
            mask[: len(sequence)] = asked
            split = answers.split(",")
            check(
                len(split) == mask.sum(),
                f"expected {mask.sum()} answers after {shown(text)}; got {len(split)}",
            )
            targets[mask] = [self._answer(text, answer) for answer in split]
            self._mask += mask.tobytes()
        self._inputs += inputs.tobytes()
        self._targets += targets.tobytes()
        self.lengths.append(len(sequence))

    def _answer(self, text: str, answer: str) -> Any:
        if self._task.num_classes is not None:
            if answer not in self._classes:
                raise InvalidValueError(f"expected a space and a class after {text}; got {answer[:20]!r}")
            return self._classes[answer]
        try:
            numbers = [float(number) for number in answer.split(":")]
        except ValueError:
            numbers = []
        good = len(numbers) == self._task.num_outputs and all(abs(number) < MAX_SCALE for number in numbers)
        check(good, f"expected {self._task.num_outputs} numbers after {shown(text)}; got {answer[:20]!r}")
        return numbers

    def dataset(self) -> Dataset:
        """What was read so far."""
        shapes, count = self._shapes, len(self.lengths)
        return Dataset(
            np.frombuffer(self._inputs, self._types[0]).reshape(count, *shapes.inputs.shape),
            np.frombuffer(self._targets, self._types[1]).reshape(count, *shapes.targets.shape),
            None if shapes.mask is None else np.frombuffer(self._mask, bool).reshape(count, -1),
            None if shapes.lengths is None else np.array(self.lengths, np.int32),
        )


def _lines(path: Path, most: int) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; what is not ASCII is escaped, and so no sequence.

    Raises: InvalidValueError if a line has more than `most` characters.
    """
    try:
        with _open(path) as file:
            for number, line in enumerate(iter(lambda: file.readline(most + 1), b""), 1):
                if len(line) > most:
                    raise InvalidValueError(
                        f"{_name(path)}, line {number}: it has more than {most:,} characters"
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
