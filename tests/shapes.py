"""The run-time type checker that conftest.py puts around every numeric function."""

from collections.abc import Callable
from typing import Any, Literal, Self, get_origin

from beartype import BeartypeConf, beartype

_beartype = beartype(conf=BeartypeConf(is_pep484_tower=True))


def checker(function: Callable) -> Callable:
    """Beartype, but for what is not its business.

    Choices are left to the package, whose own message the tests look for; and `Self` means something to
    beartype only in classes that it decorates as a whole, where the import hook decorates functions.
    """
    for name, hint in function.__annotations__.items():
        if hint is Self or get_origin(hint) is Literal:
            function.__annotations__[name] = Any
    return _beartype(function)
