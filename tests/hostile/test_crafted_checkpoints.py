"""Checkpoints made on purpose: each trick alone, with digests that fit, so that its own check refuses it."""

import json
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import fastweights as fw
from fastweights.errors import CheckpointError
from fastweights.training import checkpoint, tensor_file
from fastweights.training.options import MAX_POINTS
from hostile.border import attempt, check_message, within
from hostile.crafted import (
    SPECIFICATIONS,
    arrays_of,
    digest,
    lay_out,
    put_together,
    save,
    sign,
    take_apart,
    with_header,
)

RECURRENT = "model.cell.recurrent"


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> bytes:
    return save(tmp_path_factory.mktemp("good") / "m", SPECIFICATIONS[0])


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with within(30), pytest.raises(CheckpointError) as raised:
        fw.load_model(path)
    check_message(raised.value)
    return str(raised.value)


def parts(good: bytes):
    """The arrays as (type, shape, bytes), and the record, to be changed and laid out anew."""
    header, data = take_apart(good)
    arrays = {
        name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
        for name, entry in arrays_of(header).items()
    }
    return arrays, header["__metadata__"]["fastweights"]


def test_another_writer_of_the_format_is_understood(good, tmp_path):
    """Arrays in another order, other metadata beside ours, white space: the same model."""
    arrays, record = parts(good)
    header, data = take_apart(lay_out(dict(reversed(arrays.items())), record))
    header["__metadata__"]["note"] = "mine"
    content = put_together(header, data)
    length = int.from_bytes(content[:8], "little")
    (tmp_path / "m").write_bytes(with_header(content[8 : 8 + length] + b" " * 7, data))
    specification, model, _ = fw.load_model(tmp_path / "m")
    assert specification == SPECIFICATIONS[0]
    loaded = safetensors.numpy.load((tmp_path / "m").read_bytes())
    assert loaded.keys() == arrays.keys()
    np.testing.assert_array_equal(model.cell.recurrent, loaded[RECURRENT])


def test_other_finite_weights_with_their_digests_are_another_model(good, tmp_path):
    """Digests guard against damage, not against forgery."""
    arrays, record = parts(good)
    arrays[RECURRENT] = ("F32", [3, 3], np.full(9, 7, "<f4").tobytes())
    (tmp_path / "m").write_bytes(lay_out(arrays, record))
    np.testing.assert_array_equal(fw.load_model(tmp_path / "m")[1].cell.recurrent, np.full((3, 3), 7))


def test_every_flipped_bit_of_a_weight_is_refused(good, tmp_path):
    start = 8 + int.from_bytes(good[:8], "little")
    for place in [*range(start, len(good), 331), len(good) - 1]:
        changed = bytearray(good)
        changed[place] ^= 1 << place % 8
        assert "is not what was saved" in refused(tmp_path / "m", changed)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused_whatever_the_digests(number, good, tmp_path):
    arrays, record = parts(good)
    arrays[RECURRENT] = ("F32", [3, 3], np.full(9, number, "<f4").tobytes())
    assert "not finite" in refused(tmp_path / "m", lay_out(arrays, record))


@pytest.mark.parametrize(("kind", "dtype"), [("F64", "<f8"), ("F16", "<f2"), ("I32", "<i4")])
def test_other_types_are_refused(kind, dtype, good, tmp_path):
    arrays, record = parts(good)
    arrays[RECURRENT] = (kind, [3, 3], np.zeros(9, dtype).tobytes())
    message = refused(tmp_path / "m", lay_out(arrays, record))
    assert "should be float32 (3, 3)" in message and f"but is {np.dtype(dtype)} (3, 3)" in message


@pytest.mark.parametrize("shape", [[9], [1, 9], [3, 3, 1], [9, 1]])
def test_other_shapes_are_refused(shape, good, tmp_path):
    arrays, record = parts(good)
    arrays[RECURRENT] = ("F32", shape, arrays[RECURRENT][2])
    assert "should be float32 (3, 3), but is" in refused(tmp_path / "m", lay_out(arrays, record))


def test_missing_arrays_are_refused(good, tmp_path):
    arrays, record = parts(good)
    assert "it lacks 'model.cell.bias'" in refused(tmp_path / "m", lay_out({}, record))
    del arrays[RECURRENT]
    assert f"it lacks '{RECURRENT}'" in refused(tmp_path / "m", lay_out(arrays, record))


@pytest.mark.parametrize("name", ["\ud800", "a\udfff"], ids=ascii)
def test_halves_of_characters_are_refused(name, good, tmp_path):
    arrays, record = parts(good)
    assert "surrogates not allowed" in refused(
        tmp_path / "m", lay_out({**arrays, name: ("F32", [0], b"")}, record)
    )
    header, data = take_apart(good)
    header["__metadata__"][name] = ""
    assert "surrogates not allowed" in refused(tmp_path / "m", put_together(header, data))


NAMES = ["../../x", "/etc/passwd", "a\0b", "\x1b[2J\x07", "two\nlines", "\u202etxt", "x" * 100_000, "", "é"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:20]))
def test_names_are_only_names(name, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arrays, record = parts(good)
    arrays[name] = ("F32", [0], b"")
    assert "unexpected" in refused(tmp_path / "m", lay_out(arrays, record))
    assert os.listdir(tmp_path) == ["m"]


@pytest.mark.parametrize("other", SPECIFICATIONS[1:], ids=lambda other: other.model)
def test_another_models_specification(other, good, tmp_path):
    arrays, record = parts(good)
    record["specification"] = other.to_json()
    assert "does not fit its specification" in refused(tmp_path / "m", lay_out(arrays, record))


@pytest.mark.parametrize("name", [RECURRENT, "model.more"])
def test_every_array_has_its_digest(name, good, tmp_path):
    """The record, though signed, lacks the digest of one array, or has one too many."""
    header, data = take_apart(good)
    record = header["__metadata__"]["fastweights"]
    if record["arrays"].pop(name, None) is None:
        record["arrays"][name] = "0" * 64
    record.pop("digest")
    record["digest"] = digest(json.dumps(record, sort_keys=True).encode())
    assert "are not those that were saved" in refused(tmp_path / "m", put_together(header, data))


def test_a_number_too_large_for_its_type_is_refused(good, tmp_path):
    arrays, record = parts(good)
    content = lay_out(arrays, {**record, "outcome": float("inf")})
    # As long as the word, and to Python the same value: the digest fits.
    content = content.replace(b"Infinity", b"1e400000")
    assert "a number is too large" in refused(tmp_path / "m", content)


def with_value(*where, value):
    """The specification with another value somewhere inside."""
    specification = SPECIFICATIONS[0].to_json()
    inner = specification
    for name in where[:-1]:
        inner = inner[name]
    inner[where[-1]] = value
    return {"specification": specification}


CHANGES = {
    "an older format": ({"format": 1}, "does not know (it knows 2)"),
    "a newer format": ({"format": 3}, "does not know (it knows 2)"),
    "no format": ({"format": None}, "does not know (it knows 2)"),
    "no specification": ({"specification": None}, "specification must be an object; got NoneType"),
    "another size": (with_value("model", "hidden_size", value=4), "does not fit its specification"),
    "another readout": (with_value("model", "classifier", "readout_size", value=0), "does not fit"),
    "an enormous size": (with_value("model", "hidden_size", value=10**30), "between 1 and 10,000"),
    "a long number": (with_value("seed", value=10**4000), "more than 40 digits"),
    "a long name": (with_value("model", "name", value="irnn" * 10**6), "length <= 80"),
    "an unknown model": (with_value("model", "name", value="irn"), "did you mean 'irnn'"),
    "a key of two lines": (with_value("two\nlines", value=1), "'two\\nlines'"),
    "a number without end": (with_value("training", "learning_rate", value=10**400), "40 digits"),
    "another kind": ({"kind": "\x1b[31m" * 99}, "is not a trained model"),
    "nan": ({"outcome": float("nan")}, "NaN is not JSON"),
    "infinity": ({"outcome": -float("inf")}, "-Infinity is not JSON"),
}


@pytest.mark.parametrize(("change", "words"), CHANGES.values(), ids=CHANGES)
def test_records(change, words, good, tmp_path):
    arrays, record = parts(good)
    assert words in refused(tmp_path / "m", lay_out(arrays, {**record, **change}))


HEADERS = {
    "a number too large": b'{"a": 1e400}',
    "a key twice": b'{"a": 1, "a": 2}',
    "not UTF-8": b'{"\xff": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a lone surrogate": b'{"__metadata__": {"fastweights": "\\ud800"}}',
    "a list": b"[1]",
    "deep": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 1_000_000,
    "a long number": b'{"a": ' + b"9" * 100_000 + b"}",
    "metadata that are not strings": b'{"__metadata__": {"fastweights": {}}}',
    "metadata that are no object": b'{"__metadata__": []}',
    "control characters": b'{"\x1b[31m": 1}',
    "an array without a place": b'{"a": {"dtype": "F32", "shape": [0]}}',
    "a type that is no name": b'{"a": {"dtype": ["F32"], "shape": [0], "data_offsets": [0, 0]}}',
    "a negative shape": b'{"a": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}',
    "a shape of booleans": b'{"a": {"dtype": "F32", "shape": [false], "data_offsets": [0, 0]}}',
    "an overflowing shape": b'{"a": {"dtype": "F32", "shape": [4611686018427387904, 4],'
    b' "data_offsets": [0, 0]}}',
    "before the beginning": b'{"a": {"dtype": "U8", "shape": [8], "data_offsets": [-8, 0]}}',
    "beyond the end": b'{"a": {"dtype": "U8", "shape": [1000], "data_offsets": [0, 1000]}}',
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers(header, tmp_path):
    assert "is not a checkpoint, or is damaged" in refused(tmp_path / "m", with_header(header))


@pytest.mark.parametrize("trick", ["gap", "overlap", "shift", "end", "trailing"])
def test_the_arrays_fill_the_file(trick, good, tmp_path):
    header, data = take_apart(good)
    entries = sorted(arrays_of(header).values(), key=lambda entry: entry["data_offsets"])
    if trick == "gap":
        data += bytes(4)
        entries[-1]["data_offsets"] = [place + 4 for place in entries[-1]["data_offsets"]]
    elif trick == "overlap":
        entries[-1]["data_offsets"] = [place - 4 for place in entries[-1]["data_offsets"]]
        data = data[:-4]
    elif trick == "shift":
        entries[-1]["data_offsets"] = [place - 4 for place in entries[-1]["data_offsets"]]
    elif trick == "end":
        entries[0]["data_offsets"][1] += 4
    else:
        data += bytes(4)
    sign(header, data)
    words = "as many bytes as its shape" if trick == "end" else "its arrays"
    assert words in refused(tmp_path / "m", put_together(header, data))


def test_many_axes_are_refused(tmp_path):
    entry = {"dtype": "U8", "shape": [1] * 33, "data_offsets": [0, 1]}
    words = refused(tmp_path / "m", with_header(json.dumps({"a": entry}).encode(), b"x"))
    assert "no proper shape" in words


def _sparse(path: Path, start: bytes, size: int) -> None:
    path.write_bytes(start)
    os.truncate(path, size)


TERABYTE = 2**40
ENORMOUS = {
    "a header of all the file": lambda path: _sparse(path, struct.pack("<Q", TERABYTE - 8), TERABYTE),
    "a header just too long": lambda path: _sparse(
        path, struct.pack("<Q", tensor_file.MAX_HEADER_BYTES + 1), TERABYTE
    ),
    "an array of all the file": lambda path: _sparse(
        path,
        with_header(b'{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % ((TERABYTE - 8 - 69,) * 2)),
        TERABYTE,
    ),
    "nothing but zeros": lambda path: _sparse(path, b"", TERABYTE),
}


@pytest.mark.parametrize("make", ENORMOUS.values(), ids=ENORMOUS)
def test_enormous_files_cost_no_memory(make, tmp_path):
    make(tmp_path / "m")
    tracemalloc.start()
    assert attempt(lambda: fw.load_model(tmp_path / "m")) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_arrays_are_not_read_before_they_fit(good, tmp_path):
    """A consistent file of a gigabyte whose specification asks for a few hundred bytes."""
    header, data = take_apart(good)
    size = 2**30
    header["model.more"] = {"dtype": "U8", "shape": [size], "data_offsets": [len(data), len(data) + size]}
    sign(header, data)
    content = put_together(header, data)
    _sparse(tmp_path / "m", content, len(content) + size)
    tracemalloc.start()
    assert attempt(lambda: fw.load_model(tmp_path / "m")) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


BOMBS = """
import json, resource, sys, time
from fastweights.errors import CheckpointError
from fastweights.training import checkpoint, tensor_file

costs = []
for filling in (b"1,", b'"ab",', b"[],", b"{},"):
    text = b"[" + filling * ((tensor_file.MAX_HEADER_BYTES - 3) // len(filling)) + b"0]"
    with open(sys.argv[1], "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        checkpoint.load(sys.argv[1])
    except CheckpointError:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        costs.append([time.process_time() - started, grown / 1024])
print(json.dumps(costs))
"""


@pytest.mark.thorough
def test_the_longest_header_takes_bounded_memory_and_time(tmp_path):
    """In a process of its own, where shapes are not checked in every call."""
    command = [sys.executable, "-W", "ignore", "-c", BOMBS, str(tmp_path / "m")]
    costs = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    assert len(costs) == 4
    assert all(seconds < 10 and mebibytes < 400 for seconds, mebibytes in costs), costs


def test_the_longest_curve_of_a_run_can_be_saved_and_loaded(tmp_path):
    point = [2**31 - 1, -1.2345678901234567e-300, -1.2345678901234567e-300, -1.2345678901234567e-300]
    curve = [point] * MAX_POINTS
    checkpoint.save(tmp_path / "m", {"w": np.zeros(3)}, {"kind": "run", "curve": curve})
    assert checkpoint.load(tmp_path / "m")[1]["curve"] == curve


def test_what_could_not_be_loaded_again_is_not_saved(tmp_path):
    with pytest.raises(CheckpointError, match="too long"):
        checkpoint.save(tmp_path / "m", {}, {"note": "x" * tensor_file.MAX_HEADER_BYTES})
    assert not os.listdir(tmp_path)


def test_a_file_that_shrinks_or_changes_while_it_is_read_is_refused(good, tmp_path):
    path = tmp_path / "m"
    path.write_bytes(good)
    arrays, _ = checkpoint.load(path)
    os.truncate(path, len(good) - 4)
    last = max(arrays.entries, key=lambda name: arrays.entries[name].begin + arrays.entries[name].size)
    with pytest.raises(CheckpointError, match="ends too early"):
        arrays[last]
    path.write_bytes(good[:-1] + b"\1")
    with pytest.raises(CheckpointError, match="is not what was saved"):
        arrays[last]
    path.unlink()
    with pytest.raises(CheckpointError, match="No such file"):
        arrays[last]


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickles_are_refused(protocol, tmp_path):
    class Owned:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "owned"),)

    refused(tmp_path / "m", pickle.dumps(Owned(), protocol))
    refused(tmp_path / "m", with_header(pickle.dumps(Owned(), protocol)))
    assert os.listdir(tmp_path) == ["m"]


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [lambda path: None, _loop, _device, os.mkfifo, Path.mkdir])
def test_what_is_no_file_is_refused_at_once(make, tmp_path):
    make(tmp_path / "m")
    with within(20), pytest.raises(CheckpointError, match="cannot read") as raised:
        fw.load_model(tmp_path / "m")
    check_message(raised.value)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "\ud800", "\x1b[31m", "new\nline"], ids=ascii)
def test_paths_that_cannot_be_are_named_safely(name):
    assert attempt(lambda: fw.load_model(Path(name))) is None
