"""illustration.json: what a trained network does with a few sequences. It may come from anywhere, so all of
it is checked before anything is drawn.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastweights.errors import StudyError, check
from fastweights.untrusted import open_file

NAME = "illustration.json"
_MAX_BYTES = 16 * 2**20
_MAX_LENGTH, _MAX_UNITS, _MAX_SEQUENCES, _MAX_MODELS = 40, 256, 8, 4

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Reading:
    """One sequence of T symbols, as the network read it."""

    tokens: str
    target: str
    answer: str
    probability: float
    """Of the answer."""
    attention: Matrix
    """T × T: equation 4's η λ^age [h(τ)ᵀ h_s] at each step, for each earlier one."""
    hidden: Matrix
    """T × R: h(t)."""


@dataclass(frozen=True)
class Illustrated:
    """A trained network."""

    run: str
    hidden_size: int
    seed: int
    test_error: float
    decay: float
    write_rate: float
    sequences: Sequence[Reading]


def read_illustration(folder: Path) -> list[Illustrated]:
    """The networks of the study's illustration.json; none if there is no such file.

    Raises: StudyError if the file is damaged; FileError if it cannot be read.
    """
    path = Path(folder) / NAME
    if not path.exists():
        return []
    with open_file(path) as file:
        content = file.read(_MAX_BYTES + 1)
    try:
        check(len(content) <= _MAX_BYTES, f"it has more than {_MAX_BYTES:,} bytes")
        value = json.loads(content)
        check(isinstance(value, dict) and value.get("format") == 1, "its format is not 1")
        return [_model(each) for each in _list("models", value.get("models"), _MAX_MODELS)]
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path} is damaged, remove it or restore it: {error}") from error


def _model(value: Any) -> Illustrated:
    check(isinstance(value, dict), "a model is no object")
    size = value.get("hidden_size")
    check(type(size) is int and 1 <= size <= _MAX_UNITS, f"hidden_size is {size!r:.40}")
    seed = value.get("seed")
    check(type(seed) is int, f"seed is {seed!r:.40}")
    return Illustrated(
        run=_text("run", value.get("run"), 40),
        hidden_size=size,
        seed=seed,
        test_error=_between("test_error", value.get("test_error"), 0, 1),
        decay=_between("decay", value.get("decay"), 0, 1),
        write_rate=_between("write_rate", value.get("write_rate"), 0, 1e6),
        sequences=[
            _sequence(each, size) for each in _list("sequences", value.get("sequences"), _MAX_SEQUENCES)
        ],
    )


def _sequence(value: Any, units: int) -> Reading:
    check(isinstance(value, dict), "a sequence is no object")
    tokens = _text("tokens", value.get("tokens"), _MAX_LENGTH)
    return Reading(
        tokens=tokens,
        target=_text("target", value.get("target"), 1),
        answer=_text("answer", value.get("answer"), 1),
        probability=_between("probability", value.get("probability"), 0, 1),
        attention=_matrix("attention", value.get("attention"), len(tokens), len(tokens)),
        hidden=_matrix("hidden", value.get("hidden"), len(tokens), units),
    )


def _list(name: str, value: Any, most: int) -> list[Any]:
    check(isinstance(value, list) and len(value) <= most, f"{name} is no list of at most {most}")
    return value


def _text(name: str, value: Any, most: int) -> str:
    good = isinstance(value, str) and 1 <= len(value) <= most and value.isprintable()
    check(good, f"{name} is {value!r:.40}")
    return value


def _between(name: str, value: Any, least: float, most: float) -> float:
    check(type(value) in (int, float) and least <= value <= most, f"{name} is {value!r:.40}")
    return float(value)


def _matrix(name: str, value: Any, rows: int, columns: int) -> Matrix:
    good = (
        isinstance(value, list)
        and len(value) == rows
        and all(isinstance(row, list) and len(row) == columns for row in value)
        and all(
            type(each) in (int, float) and math.isfinite(each) and abs(each) < 1e6
            for row in value
            for each in row
        )
    )
    check(good, f"{name} is no matrix of {rows} × {columns} numbers")
    return value
