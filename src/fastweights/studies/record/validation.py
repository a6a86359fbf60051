"""Whether what a record holds can be so: records come from files and databases that may be damaged.

This module does not import JAX.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from fastweights.errors import StudyError
from fastweights.runs.conversion import identify


class _Named(Struct):
    name: str


class _Model(_Named):
    hidden_size: int
    cell: dict
    classifier: dict


class _Training(Struct):
    updates: Annotated[int, Meta(ge=1)]
    learning_rate: float


class _Data(Struct):
    seed: int
    train: int
    validation: int
    test: int


class _Specification(Struct):
    task: _Named
    model: _Model
    training: _Training
    data: _Data
    seed: int


class _Point(Struct, array_like=True, forbid_unknown_fields=True):
    """Of a learning curve; the test set's numbers are there if it was followed."""

    update: int
    loss: float
    validation_error: float
    validation_log_likelihood: float
    test_error: float | UnsetType = UNSET
    test_log_likelihood: float | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.test_error is UNSET) is not (self.test_log_likelihood is UNSET):
            raise ValueError("expected 4 or 6 numbers")


class _Result(Struct):
    test_error: float
    test_log_likelihood: float
    test_count: float
    best_test_error: float
    parameters: float
    seconds: float


class _Finished(Struct, tag_field="state", tag="finished"):
    curve: Annotated[list[_Point], Meta(min_length=1)]
    result: _Result
    failure: str | None = None
    environment: dict | None = None


class _Failed(Struct, tag_field="state", tag="failed"):
    curve: list[_Point]
    result: dict | None = None
    failure: str | None = None
    environment: dict | None = None


class _Crash(Struct):
    reached: int
    reason: str


class _Run(Struct):
    """The entries of a run, by the names that they have in the record."""

    specification: _Specification
    outcome: _Finished | _Failed | None = None
    losses: list[_Crash] = []


class _Heartbeat(Struct):
    executor: str
    workers: int
    takes_over: str
    seen: float
    updates_per_second: dict[str, float]
    side_by_side: int = 1


class _Errors(Struct):
    kind: Literal["share", "squared"] = "share"
    goal: float | UnsetType = UNSET
    validation_floor: float | UnsetType = UNSET


class _Study(Struct):
    """The entries of a study."""

    preset: str = ""
    asked: list[str] = []
    floors: dict[str, float] = {}
    errors: dict[str, _Errors] = {}
    roles: dict[str, list[dict[str, str | float | bool]]] = {}
    abandoned: list[str] = []
    file: str = ""
    planned: dict[str, list[dict[str, str | float | bool]]] = {}
    coordinator: _Heartbeat | None = None


def check_run(entries: Mapping[str, Any], points: Mapping[int, float]) -> None:
    """Raise StudyError unless a run can have these entries and this curve of validation errors."""
    identifier = entries.get("identifier")
    what = f"run {identifier!r:.40} of the record"
    _check(entries, _Run, what)
    _check(points, dict[int, float], what)
    if identify(entries["specification"]) != identifier:
        raise StudyError(f"{what} is damaged: its specification does not match its identifier")


def check_study(entries: Mapping[str, Any]) -> None:
    """Raise StudyError unless a study can have these entries."""
    _check(entries, _Study, "the record")
    for roles in [*entries.get("roles", {}).values(), *entries.get("planned", {}).values()]:
        if not all(isinstance(role.get("part"), str) for role in roles):
            raise StudyError(f"the record is damaged: roles without a part: {roles!r:.60}")


def _check(value: Any, kind: Any, what: str) -> None:
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError, RecursionError, UnicodeEncodeError) as error:
        raise StudyError(f"{what} is damaged: {error}") from error
