"""Arrays on disk: safetensors files with JSON beside the weights. Loading never runs code.

The metadata's entry `fastweights` is a JSON object. Besides the caller's own entries it has

- `format`, the number below;
- `arrays`: for each name the digest of the JSON text `["name", "F32", [3, 5]]`, a new line, and the
  array's bytes;
- `digest`: that of the object without it, written by Python's `json.dumps(..., sort_keys=True)`.

Digests are BLAKE2b of 32 bytes, in hexadecimal. The object is verified before it is used, and each array
when it is read, after its name, type and shape were found to be the expected ones. Digests guard against
damage, not against forgery: whoever can write a file can write its digests too. A forged file is another
model; it is read as safely as any, and runs no code.

This module imports no JAX.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from fastweights.errors import CheckpointError, FileError, printable, reason
from fastweights.files import open_file, write_atomically
from fastweights.training import tensor_file
from fastweights.training.tensor_file import TYPES, Entry

FORMAT = 2
_KEY = "fastweights"
_TYPE_NAMES = {dtype: name for name, dtype in TYPES.items()}


class Arrays(Mapping):  # not of [str, np.ndarray]: type checkers at run time would read one to check it
    """The arrays of a checkpoint by name. Each is read and verified on access.

    Raises: CheckpointError if an array cannot be read, is not what was saved, or not finite.
    """

    def __init__(self, path: Path, entries: Mapping[str, Entry], digests: Mapping[str, str]) -> None:
        self._path, self._digests = path, digests
        self.entries = entries

    def __getitem__(self, name: str) -> np.ndarray:
        entry = self.entries[name]
        try:
            with open_file(self._path) as file:
                content = tensor_file.read_bytes(file, entry)
        except (OSError, ValueError, FileError) as error:
            raise _refusal(self._path, error) from error
        if _digest_of_array(name, entry.type, entry.shape, content) != self._digests[name]:
            raise _damaged(self._path, f"{name[:80]!r} is not what was saved")
        array = np.frombuffer(content, TYPES[entry.type]).reshape(entry.shape)
        if np.issubdtype(array.dtype, np.inexact) and not np.isfinite(array).all():
            raise _damaged(self._path, f"{name[:80]!r} holds numbers that are not finite")
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def save(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write arrays under their names, and `about` as JSON.

    The previous file survives a kill or a full disk (see `write_atomically`).

    Raises: FileError if the path cannot be written; CheckpointError if `about` is longer than `load` reads.
    """
    digests = {
        name: _digest_of_array(name, _TYPE_NAMES[array.dtype], array.shape, array.tobytes())
        for name, array in arrays.items()
    }
    record = {**about, "format": FORMAT, "arrays": digests}
    record["digest"] = _digest_of_record(record)
    content = safetensors.numpy.save(dict(arrays), {_KEY: json.dumps(record, allow_nan=False)})
    if int.from_bytes(content[:8], "little") > tensor_file.MAX_HEADER_BYTES:
        raise CheckpointError(f"cannot write {printable(path)}: the description of its arrays is too long")
    write_atomically(path, content)


def load(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """The arrays by name, not yet read, and what was saved as `about`, verified.

    Raises: CheckpointError if the file is missing, unreadable, damaged, of another program, or of another
    format.
    """
    path = Path(path)
    try:
        with open_file(path) as file:
            metadata, entries = tensor_file.read_header(file)
        if _KEY not in metadata:
            raise CheckpointError(f"{printable(path)} was not written by fastweights")
        about = tensor_file.parse_json(metadata[_KEY])
        if not isinstance(about, dict):
            raise ValueError("what it says about its arrays is not an object")
        if about.pop("format", None) != FORMAT:
            raise CheckpointError(
                f"{printable(path)} has a format that this version does not know (it knows {FORMAT})"
            )
        if about.pop("digest", None) != _digest_of_record({**about, "format": FORMAT}):
            raise ValueError("what it says about its arrays is not what was saved")
        digests = about.pop("arrays", None)
        if not isinstance(digests, dict) or set(digests) != set(entries):
            raise ValueError("its arrays are not those that were saved")
    except (OSError, ValueError, RecursionError, FileError) as error:
        raise _refusal(path, error) from error
    return Arrays(path, entries, digests), about


def _digest_of_array(name: str, kind: str, shape: tuple[int, ...], content: bytes) -> str:
    digest = hashlib.blake2b(json.dumps([name, kind, list(shape)]).encode() + b"\n", digest_size=32)
    digest.update(content)
    return digest.hexdigest()


def _digest_of_record(record: Mapping[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def _refusal(path: Path, error: Exception) -> CheckpointError:
    """The error for a file that cannot be read, or is not a checkpoint as it was written."""
    if isinstance(error, FileError):
        return CheckpointError(str(error))
    if isinstance(error, OSError):
        return CheckpointError(f"cannot read {printable(path)}: {reason(error)}")
    return _damaged(path, error)


def _damaged(path: Path, why: object) -> CheckpointError:
    return CheckpointError(f"{printable(path)} is not a checkpoint, or is damaged: {printable(why)}")
