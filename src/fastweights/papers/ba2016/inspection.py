"""inspection.json: what trained networks do with a few sequences. Nothing here imports JAX.

The file in a study's folder holds, for one run each of R = 20 and 50, the sequences as text, the answers,
equation 4's attention, and the hidden states, of which the report computes A(t). It may come from anywhere,
so all of it is checked when it is read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fastweights.errors import StudyError, check
from fastweights.files import open_file, write_atomically

NAME = "inspection.json"
_OLD_NAME = "illustration.json"
_MAX_BYTES = 16 * 2**20

Share = Annotated[float, Meta(ge=0, le=1)]
Symbol = Annotated[str, Meta(min_length=1, max_length=1)]
Matrix = Sequence[Sequence[Annotated[float, Meta(gt=-1e6, lt=1e6)]]]


class Reading(msgspec.Struct, frozen=True):
    """One sequence of T symbols, as the network read it."""

    tokens: Annotated[str, Meta(min_length=1, max_length=40)]
    target: Symbol
    answer: Symbol
    probability: Share
    """Of the answer."""
    attention: Matrix
    """T × T: equation 4's η λ^age [h(τ)ᵀ h_s] at each step, for each earlier one."""
    hidden: Matrix
    """T × R: h(t)."""


class InspectedModel(msgspec.Struct, frozen=True):
    """A trained network."""

    run: Annotated[str, Meta(min_length=1, max_length=40)]
    hidden_size: Annotated[int, Meta(ge=1, le=256)]
    seed: int
    test_error: Share
    """The network's own: trained again on another machine, it is not the record's to the last bit."""
    decay: Share
    write_rate: Annotated[float, Meta(ge=0, le=1e6)]
    sequences: Annotated[Sequence[Reading], Meta(max_length=8)]


class _Inspection(msgspec.Struct, frozen=True):
    format: Literal[1]
    models: Annotated[Sequence[InspectedModel], Meta(max_length=4)]


def read_inspection(folder: Path) -> Sequence[InspectedModel]:
    """The networks of the study's inspection.json; none if there is no such file.

    Raises: StudyError if the file is damaged; FileError if it cannot be read.
    """
    paths = [folder / name for name in (NAME, _OLD_NAME) if (folder / name).exists()]
    if not paths:
        return []
    with open_file(paths[0]) as file:
        content = file.read(_MAX_BYTES + 1)
    try:
        check(len(content) <= _MAX_BYTES, f"it has more than {_MAX_BYTES:,} bytes")
        models = msgspec.json.decode(content, type=_Inspection).models
        for model in models:
            _check(model)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{paths[0]} is damaged, remove it or restore it: {error}") from error
    return models


def write_inspection(folder: Path, models: Sequence[InspectedModel]) -> None:
    """Raises: FileError if the file cannot be written."""
    write_atomically(folder / NAME, msgspec.json.encode(_Inspection(1, models)))


def _check(model: InspectedModel) -> None:
    """What types cannot say: that texts are printable, and that sizes fit."""
    for reading in model.sequences:
        length = len(reading.tokens)
        for text in (model.run, reading.tokens, reading.target, reading.answer):
            check(text.isprintable(), f"{text!r} is not printable")
        for name, columns in (("attention", length), ("hidden", model.hidden_size)):
            rows = getattr(reading, name)
            fits = len(rows) == length and all(len(row) == columns for row in rows)
            check(fits, f"{name} is no matrix of {length} × {columns} numbers")
