"""Files of sequences that are no files, do not end, or are very long."""

import gzip
import io
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fastweights.cli import evaluate, sequences
from fastweights.cli.sequences import STREAM, read_lines, write_file
from fastweights.errors import FileError, InvalidValueError
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.evaluation import Evaluation
from hostile.border import attempt, check_message, within

TASK = AssociativeRetrieval(num_pairs=2)
LINE = b"a1b2??a 1\n"


def read(path: Path) -> np.ndarray:
    return np.concatenate([part.targets for part in read_lines(TASK, path)])


def test_a_byte_order_mark_may_begin_a_file(tmp_path):
    (tmp_path / "lines").write_bytes(b"\xef\xbb\xbf" + LINE)
    assert read(tmp_path / "lines").tolist() == [1]


@pytest.mark.parametrize("name", ["lines.gz", "lines"])
def test_compressed_lines_are_read_whatever_their_name(name, tmp_path):
    (tmp_path / name).write_bytes(gzip.compress(b"\xef\xbb\xbf" + LINE) + gzip.compress(b"c3d4??d 4\r\n"))
    assert read(tmp_path / name).tolist() == [1, 4]


def test_standard_input_is_read_compressed_or_not(monkeypatch):
    for content in (LINE, gzip.compress(LINE)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
        assert read(STREAM).tolist() == [1]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"hello\n"))))
    with pytest.raises(InvalidValueError, match=r"^standard input, line 1: expected"):
        read(STREAM)
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(FileError, match=r"^cannot read standard input: it is closed$"):
        read(STREAM)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda content: content[:2],
        lambda content: content[:-8] + bytes(8),
        lambda content: content[:30] + b"\xff" * 10 + content[40:],
    ],
    ids=["end", "start", "magic", "checksum", "middle"],
)
def test_damaged_compression_is_one_line(damage, tmp_path):
    (tmp_path / "lines.gz").write_bytes(damage(gzip.compress(LINE * 500 + b"c3d4??d 4\n")))
    with pytest.raises((FileError, InvalidValueError)) as raised:
        read(tmp_path / "lines.gz")
    check_message(raised.value)


@pytest.mark.thorough
def test_a_decompression_bomb_costs_no_memory(tmp_path):
    """A hundred megabytes in one line, and two in blank lines."""
    for unit, repeats, words in ((b"x", 100, "more than 1,000 characters"), (b"\n", 2, "holds no sequence")):
        (tmp_path / "lines.gz").write_bytes(gzip.compress(unit * 10**6) * repeats)
        tracemalloc.start()
        with pytest.raises(InvalidValueError, match=words), within(60):
            read(tmp_path / "lines.gz")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**20


@pytest.mark.parametrize("content", [LINE, LINE[:-1], LINE[:-1] + b"\r\n", b"\n \r\n" + LINE + b"\n\n"])
def test_every_usual_end_of_a_line(content, tmp_path):
    (tmp_path / "lines").write_bytes(content)
    assert read(tmp_path / "lines").tolist() == [1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbf\xef\xbb\xbf" + LINE, "line 1: expected"),
        (LINE + b"\xef\xbb\xbf" + LINE, "line 2: expected"),
        (b"\xef\xbb\xbf", "holds no sequence"),
        (LINE + b"\0", "line 2: expected"),
        (LINE[:-1] + b"\r\r\n", "got '1\\r'"),
        (LINE[:-1] + b"\r" + LINE, "line 1"),
        (LINE[:-1] + b" \n", "got '1 '"),
        (b"a\xb91b2??a 1\n", "line 1"),
        ("a１b2??a 1\n".encode(), "line 1"),
        (LINE.decode().encode("utf-16"), "line 1"),
        (b"\x1b[31m\n", "line 1"),
        (b"", "holds no sequence"),
        (b" " * 1_001, "line 1: it has more than 1,000 characters"),
        (LINE + b"x" * 5_000, "line 2: it has more than 1,000 characters"),
    ],
    ids=repr,
)
def test_what_is_refused(content, words, tmp_path):
    (tmp_path / "lines").write_bytes(content)
    with pytest.raises(InvalidValueError) as raised:
        read(tmp_path / "lines")
    assert words in str(raised.value) and str(raised.value).isprintable()


def test_a_line_of_a_hundred_megabytes_costs_no_memory(tmp_path):
    path = tmp_path / "lines"
    path.touch()
    os.truncate(path, 100 * 2**20)
    tracemalloc.start()
    with pytest.raises(InvalidValueError, match="more than 1,000 characters"), within(20):
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_many_lines_are_never_all_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(sequences, "_BLOCK", 64)
    path = tmp_path / "lines"
    path.write_bytes(LINE * 3_000 + b"c3d4??d 4\n")
    tracemalloc.start()
    counts = [(len(part.targets), part.targets[-1]) for part in read_lines(TASK, path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts == [(64, 1)] * 46 + [(57, 4)]
    assert peak < 2**17


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _unreadable(path: Path) -> None:
    path.symlink_to("/proc/self/mem")


@pytest.mark.parametrize("make", [lambda path: None, _loop, _pipe, _device, _unreadable, Path.mkdir])
def test_what_is_no_file_is_refused_at_once(make, tmp_path):
    make(tmp_path / "x")
    with pytest.raises(FileError, match="cannot read"), within(20):
        read(tmp_path / "x")


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "\ud800", "\x1b[31m", "new\nline"])
def test_paths_that_cannot_be_are_named_safely(name):
    assert attempt(lambda: read(Path(name))) is None


def test_a_name_that_ends_in_gz_is_written_compressed(tmp_path):
    for name in ("lines", "lines.gz"):
        write_file(tmp_path / name, "a1b2??a 1\n")
        assert read(tmp_path / name).tolist() == [1]
    assert (tmp_path / "lines").read_bytes() == LINE
    assert gzip.decompress((tmp_path / "lines.gz").read_bytes()) == LINE


def test_parts_are_evaluated_as_the_whole():
    parts = [Evaluation(1.0, -2.0, 3), Evaluation(0.0, -1.0, 1), Evaluation(0.5, -1.5, 4)]
    assert evaluate._together(parts) == Evaluation(0.625, -1.625, 8)
    alone = Evaluation(1 / 3, -0.1, 3)
    assert evaluate._together([alone]) == alone
