"""What a formula returns, a little larger or smaller."""

import dataclasses
from collections.abc import Mapping
from types import FunctionType
from typing import Any


def scaled(value: Any, factor: float) -> Any:
    """A number or an array times the factor; so is each part of a tuple, list, mapping or dataclass, and what
    a function returns."""
    if isinstance(value, FunctionType):
        return lambda *given, **named: scaled(value(*given, **named), factor)
    if isinstance(value, Mapping):
        return {name: scaled(part, factor) for name, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [scaled(part, factor) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: scaled(part, factor) for name, part in parts.items()})
    return value if isinstance(value, str | None) else value * factor
