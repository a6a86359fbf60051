"""The safetensors format, for files that may be damaged: first the table, then what is asked for.

A file is the header's length in eight bytes, the header as JSON, the arrays' bytes. The table is read
and checked alone, so that a file of any size costs no more than `MAX_HEADER_BYTES` and what JSON makes of
it, until somebody who knows what to expect asks for an array. Nothing is mapped into memory: a file that
shrinks while it is read is an error, not a crash.

Source: https://github.com/huggingface/safetensors, "Format".
"""

import json
import math
import os
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAX_HEADER_BYTES = 8 * 2**20
"""Bytes. The longest learning curve that a run may have takes five million (see `TrainingOptions`)."""

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
    """Where an array is in the file, and what it is."""

    type: str
    """As the format calls it: F32."""
    shape: tuple[int, ...]
    begin: int
    """Bytes from the beginning of the file."""
    size: int
    """Bytes."""


class Header(NamedTuple):
    """What a file says it holds."""

    metadata: dict[str, str]
    entries: dict[str, Entry]


def read_header(file: BinaryIO) -> Header:
    """The header; the arrays must fill the rest of the file without gap or overlap.

    Raises: ValueError or RecursionError if it is not so; OSError.
    """
    length = int.from_bytes(_read(file, 8), "little")
    if length > MAX_HEADER_BYTES:
        raise ValueError(f"its header has {length} bytes; at most {MAX_HEADER_BYTES} are read")
    header = parse_json(_read(file, length).decode())
    if not isinstance(header, dict):
        raise ValueError("its header is not an object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(each, str) for each in metadata.values()):
        raise ValueError("its metadata are not strings")
    entries = {name: _entry(value, 8 + length) for name, value in header.items()}
    place = 8 + length
    for entry in sorted(entries.values(), key=lambda entry: (entry.begin, entry.size)):
        if entry.begin != place:
            raise ValueError("its arrays leave gaps or overlap")
        place += entry.size
    whole = os.fstat(file.fileno()).st_size
    if place != whole:
        raise ValueError(f"its arrays end at byte {place} of {whole}")
    # JSON can write halves of characters, which no other reader of the format takes.
    "".join([*metadata, *metadata.values(), *entries]).encode()
    return Header(metadata, entries)


def read_bytes(file: BinaryIO, entry: Entry) -> bytes:
    """The bytes of an array. Raises: ValueError if the file ends too early; OSError."""
    file.seek(entry.begin)
    return _read(file, entry.size)


def parse_json(text: str) -> Any:
    """JSON to the letter: a key that occurs twice and a number that is not finite are errors.

    Raises: ValueError or RecursionError.
    """
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)


def _read(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise ValueError("it ends too early")
    return found


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
    return isinstance(value, list) and all(type(each) is int and 0 <= each < 2**63 for each in value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in an object")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value
