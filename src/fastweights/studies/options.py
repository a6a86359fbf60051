"""Options and the values to try of them, from tables of a file."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, get_type_hints

from msgspec import Meta, Struct

from fastweights.errors import FastweightsError, InvalidValueError, check, suggestion
from fastweights.runs.specification import RunSpecification, convert_json
from fastweights.studies.overrides import override
from fastweights.studies.search import Dimension

Tables = Mapping[str, Mapping[str, Any]]
"""Tables by their places in a file; a later one counts before an earlier one."""

_SEARCHED = ("cell", "classifier", "training")


@contextmanager
def errors_at(place: str) -> Iterator[None]:
    """Within it, errors name the place in the file."""
    try:
        yield
    except FastweightsError as error:
        raise InvalidValueError(f"{place}: {error}") from error


class _Interval(Struct, forbid_unknown_fields=True):
    low: int | float
    high: int | float
    log: bool = False


def filled(kind: Any, tables: Tables, owner: str, default: Any = None) -> Any:
    """Options of a dataclass with the values in the tables; what stands in none is as in `default`, or as the
    class has it.

    Raises: InvalidValueError, with the place, if an option is unknown, missing, of a wrong type or out of
    range.
    """
    values = {} if default is None else dict(vars(default))
    values |= {
        name: _converted(kind, f"{place}.{name}", name, value, owner)
        for place, table in tables.items()
        for name, value in table.items()
    }
    unset = dataclasses.MISSING
    missing = [
        each.name
        for each in dataclasses.fields(kind)
        if each.name not in values and each.default is unset and each.default_factory is unset
    ]
    check(not missing, f"{next(iter(tables))}: {owner} needs {', '.join(missing)}")
    with errors_at(" and ".join(place for place, table in tables.items() if table) or owner):
        return kind(**values)


def dimensions(base: RunSpecification, tables: Tables, *, on_grid: bool) -> list[Dimension]:
    """The values to try around a specification: a list for each option, or an interval for a sampler that
    draws, `{ low = 1e-4, high = 1e-2, log = true }`.

    Raises: InvalidValueError, with the place, if an option cannot be searched, or a value is wrong.
    """
    found = {
        place: _dimension(base, f"{table}.{place}", place, value, on_grid)
        for table, values in tables.items()
        for place, value in _leaves(values)
    }
    return list(found.values())


def _dimension(base: RunSpecification, where: str, place: str, value: Any, on_grid: bool) -> Dimension:
    group, _, name = place.rpartition(".")
    expected = f"expected options of {', '.join(_SEARCHED)}"
    check(group in _SEARCHED, f"{where} cannot be chosen on validation; {expected}")
    kind = type(getattr(base, group))
    owner = f"the model {base.model}" if group == "cell" else group
    if isinstance(value, dict):
        check(not on_grid, f"{where}: a grid needs a list of values; only random and tpe take an interval")
        interval = convert_json(where, value, _Interval)
        low, high = (_converted(kind, where, name, end, owner) for end in (interval.low, interval.high))
        check(low < high, f"{where}: low must be below high; got {low} and {high}")
        check(not interval.log or low > 0, f"{where}: low must be positive with log; got {low}")
        dimension = Dimension(place, (low, high), interval=True, logarithmic=interval.log)
    else:
        given = convert_json(where, value, Annotated[list, Meta(min_length=1)])
        values = [_converted(kind, where, name, each, owner) for each in given]
        check(len({*map(repr, values)}) == len(values), f"{where} must be different values; got {values}")
        dimension = Dimension(place, tuple(values))
    with errors_at(where):
        for each in dimension.values:
            override(base, {place: each})
    return dimension


def _converted(kind: type, where: str, name: str, value: Any, owner: str) -> Any:
    """The value as the type that the option has."""
    names = [field.name for field in dataclasses.fields(kind)]
    known = f"expected {', '.join(names)}" if names else "it has none"
    check(name in names, f"{where} is no option of {owner}{suggestion(name, names)}; {known}")
    return convert_json(where, value, get_type_hints(kind, include_extras=True)[name])


def _leaves(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in the table and in the tables within it, by place; an interval is no such table."""
    for name, value in table.items():
        if isinstance(value, dict) and not value.keys() & {"low", "high"}:
            yield from _leaves(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value
