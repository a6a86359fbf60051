"""Options from the values of JSON or TOML, and what identifies a run. This module does not import JAX."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Set
from typing import Any, get_type_hints

import msgspec

from fastweights.errors import InvalidValueError, check, errors_at, shown, suggestion

Tables = Mapping[str, Mapping[str, Any]]
"""Tables by their places in a file; a later one counts before an earlier one."""


def identify(specification: Mapping[str, Any]) -> str:
    """A run's identifier: the first twelve hexadecimal digits of the SHA-256 of its specification's JSON."""
    text = json.dumps(specification, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def check_keys(name: str, value: Any, keys: Set[str], optional: Set[str] = frozenset()) -> None:
    """Raise InvalidValueError unless the value is an object with these keys and perhaps the optional ones."""
    check(isinstance(value, dict), f"{name} must be an object; got {type(value).__name__}")
    check(keys <= value.keys(), f"{name} lacks {', '.join(sorted(keys - value.keys()))}")
    unknown = value.keys() - keys - optional
    check(not unknown, f"{name} holds unknown {', '.join(sorted(map(repr, unknown)))[:80]}")


def convert_value(name: str, value: Any, kind: Any) -> Any:
    """The value as this type; nothing but whole numbers for floats is converted.

    Raises: InvalidValueError with the name, the reason and the value.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError) as error:
        # The last is of half a character, where a number is expected.
        raise InvalidValueError(f"{name} cannot be {shown(value)}: {error}") from None


def convert_option(options: Any, owner: str, place: str, name: str, value: Any) -> Any:
    """The value as the type that the option of this name has in a dataclass, the options of `owner`.

    Raises: InvalidValueError, with the place, if there is no such option or the value is of another type.
    """
    names = [field.name for field in dataclasses.fields(options)]
    known = f"expected {', '.join(names)}" if names else "it has none"
    check(name in names, f"{place} is no option of {owner}{suggestion(name, names)}; {known}")
    return convert_value(place, value, get_type_hints(options, include_extras=True)[name])


def build_options(options: Any, owner: str, tables: Tables, default: Any = None) -> Any:
    """A dataclass, the options of `owner`, with the values in the tables; what stands in none is as in
    `default`, or as the class has it.

    Raises: InvalidValueError, with the place, if an option is unknown, missing, of a wrong type or out of
    range.
    """
    values = {} if default is None else dict(vars(default))
    values |= {
        name: convert_option(options, owner, f"{place}.{name}", name, value)
        for place, table in tables.items()
        for name, value in table.items()
    }
    unset = dataclasses.MISSING
    missing = [
        each.name
        for each in dataclasses.fields(options)
        if each.name not in values and each.default is unset and each.default_factory is unset
    ]
    check(not missing, f"{next(iter(tables))}: {owner} needs {', '.join(missing)}")
    with errors_at(" and ".join(place for place, table in tables.items() if table) or owner):
        return options(**values)


def plain_options(options: Any) -> dict[str, Any]:
    """An options dataclass as JSON has it, without later options that are at their defaults."""
    values = {
        option.name: getattr(options, option.name)
        for option in dataclasses.fields(options)
        if "later" not in option.metadata or getattr(options, option.name) != option.default
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def options_from_json(cls: type, value: Any) -> Any:
    """An options dataclass from a dictionary; every field but later ones must be there, and of its annotated
    type."""
    kinds = get_type_hints(cls, include_extras=True)
    fields = dataclasses.fields(cls)
    required = {option.name for option in fields if "later" not in option.metadata}
    check_keys(cls.__name__, value, required, {option.name for option in fields})
    return cls(
        **{
            name: convert_value(f"{name} of {cls.__name__}", option, kinds[name])
            for name, option in value.items()
        }
    )
