"""The keys of a study's file: what may stand where, and of which type. What they mean: docs/studies.md."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from fastweights.errors import InvalidValueError, suggestion

Table = dict[str, Any]


class OptionsKeys(Struct, forbid_unknown_fields=True, kw_only=True):
    """What may be said of all, of a condition and of a model."""

    hidden_size: int | None = None
    cell: Table = {}
    classifier: Table = {}
    blocks: Table = {}
    training: Table = {}
    data: Table = {}


class ConditionKeys(OptionsKeys, forbid_unknown_fields=True, kw_only=True):
    """What may be said of all and of a condition."""

    task: Table = {}
    test_task: Table = {}
    """Options of the task that are others for the test set."""
    goal: float | None = None


class ModelKeys(OptionsKeys, forbid_unknown_fields=True, kw_only=True):
    """A model."""

    name: str
    values: Table = {}


class SearchKeys(Struct, forbid_unknown_fields=True):
    """How settings are tried."""

    seeds: list[int]
    sampler: str = "grid"
    trials: int | None = None
    values: Table = {}


class StudyKeys(ConditionKeys, forbid_unknown_fields=True, kw_only=True):
    """The file."""

    models: list[ModelKeys]
    seeds: list[int]
    conditions: list[ConditionKeys] = field(default_factory=lambda: [ConditionKeys()])
    search: SearchKeys | None = None
    plugins: list[str] = []


_KEYS = {key for kind in (StudyKeys, ModelKeys, SearchKeys) for key in kind.__struct_fields__}


def decoded(value: Mapping[str, Any]) -> StudyKeys:
    """What a file of this content says.

    Raises: InvalidValueError, with the place, if something is missing, unknown or of a wrong type.
    """
    try:
        return msgspec.convert(value, StudyKeys)
    except UnicodeEncodeError as error:
        raise InvalidValueError(f"it is no text: {error}") from None
    except msgspec.ValidationError as error:
        message, _, path = str(error).replace(" | null", "").partition(" - at `$")
        found, name, _ = (*message.split("`"), "", "")[:3]
        place = path.strip("`.")
        if found.startswith("Object contains unknown"):
            message = f"there is no key {name!r}{suggestion(name, _KEYS)}"
        elif found.startswith("Object missing"):
            message = f"the key {name!r} is missing"
        raise InvalidValueError(f"{place}: {message}" if place else message) from None
