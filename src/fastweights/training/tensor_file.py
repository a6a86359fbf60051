"""The safetensors format, for files that may be damaged: first the header, then single arrays.

A file is the header's length in eight bytes, the header as JSON, the arrays' bytes. The header is read
and checked alone, so that a file of any size takes no more memory than `MAX_HEADER_BYTES` and what JSON
makes of it, until the caller asks for an array. Nothing is mapped into memory: a file that shrinks while
it is read is an error, not a crash.

Source: https://github.com/huggingface/safetensors, "Format".
"""

import json
import math
import os
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAX_HEADER_BYTES = 8 * 2**20
"""The longest learning curve that a run may have takes five million bytes (see `TrainingOptions`)."""

TYPES = {
    name: np.dtype(short)
    for name, short in (
        *(("BOOL", "?"), ("F16", "<f2"), ("F32", "<f4"), ("F64", "<f8")),
        *((f"{kind}{8 * size}", f"<{kind.lower()}{size}") for kind in "IU" for size in (1, 2, 4, 8)),
    )
}
"""The format's names of types."""

_MAX_AXES = 32


class Entry(NamedTuple):
    """The type, shape and place of an array."""

    type: str
    """By the format's name: F32."""
    shape: tuple[int, ...]
    begin: int
    """Bytes from the beginning of the file."""
    size: int
    """Bytes."""


class Header(NamedTuple):
    """The metadata of a file, and its arrays by name."""

    metadata: dict[str, str]
    entries: dict[str, Entry]


def read_header(file: BinaryIO) -> Header:
    """The header; the arrays must fill the rest of the file without gap or overlap.

    Raises: ValueError or RecursionError if it is not so; OSError.
    """
    first = _read(file, 8)
    length = int.from_bytes(first, "little")
    if length > MAX_HEADER_BYTES:
        raise ValueError(_of_another_kind(first))
    header = parse_json(_read(file, length).decode())
    if not isinstance(header, dict):
        raise ValueError("its header is not an object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("its metadata are not strings")
    entries = {name: _entry(value, 8 + length) for name, value in header.items()}
    place = 8 + length
    for entry in sorted(entries.values(), key=lambda entry: (entry.begin, entry.size)):
        if entry.begin != place:
            raise ValueError("its arrays leave gaps or overlap")
        place += entry.size
    file_size = os.fstat(file.fileno()).st_size
    if place != file_size:
        raise ValueError(f"its arrays end at byte {place} of {file_size}")
    # JSON can write lone surrogates, which no other reader of the format accepts.
    "".join([*metadata, *metadata.values(), *entries]).encode()
    return Header(metadata, entries)


def read_bytes(file: BinaryIO, entry: Entry) -> bytes:
    """The bytes of an array. Raises: ValueError if the file ends too early; OSError."""
    file.seek(entry.begin)
    return _read(file, entry.size)


def parse_json(text: str) -> Any:
    """Strict JSON: a key that occurs twice and a number that is not finite are errors.

    Raises: ValueError or RecursionError.
    """
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)


def _read(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise ValueError("it ends too early")
    return content


def _of_another_kind(first: bytes) -> str:
    """What is wrong with a file that begins with these bytes, which are too large a length of a header."""
    text = first.decode("ascii", "replace").replace("\n", " ").replace("\t", " ").replace("\r", " ")
    if first.isascii() and text.isprintable():
        return f"it is a text file, which begins with {text!r}"
    return "it does not begin as a file in the safetensors format does"


def _entry(value: Any, start: int) -> Entry:
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise ValueError("an array is not described by type, shape and place")
    kind, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(kind, str) or kind not in TYPES:
        raise ValueError("an array has a type that is not known here")
    if not (_are_counts(shape) and len(shape) <= _MAX_AXES):
        raise ValueError("an array has no proper shape")
    if not (_are_counts(offsets) and len(offsets) == 2):
        raise ValueError("an array has no proper place")
    size = math.prod(shape) * TYPES[kind].itemsize
    if offsets[1] - offsets[0] != size:
        raise ValueError("an array does not have as many bytes as its shape needs")
    return Entry(kind, tuple(shape), start + offsets[0], size)


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int and 0 <= number < 2**63 for number in value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("a key occurs twice in an object")
    return unique


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value
