"""The errors that fastweights raises on purpose, and the checks that raise them; each message is one line
that a user can act on."""

import contextlib
import dataclasses
import difflib
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MAX_UPDATES = 2**31 - 1
"""Updates are counted in 32 bits."""

MAX_SEED = 2**32 - 1

MAX_SCALE = 1e30
"""Scales, rates and biases: far above anything that trains, below where single precision overflows."""

LATER = {"later": True}
"""Metadata of an option that was added after runs had been recorded: a specification contains it only where
it is not at its default, so that those runs keep their identifiers."""


def summarise_error(error: BaseException) -> str:
    """The error's type and message in one line.

    The last line of its traceback need not be that: notes (PEP 678), such as JAX's on the frames that it left
    out, come after it, and a message may have several lines.
    """
    description = traceback.TracebackException.from_exception(error)
    description.__notes__ = None  # type: ignore[assignment]
    *_, last = description.format_exception_only()
    return printable(" ".join(last.split()))


def describe_error(error: BaseException) -> str:
    """The error's traceback, which ends in its summary."""
    text, summary = "".join(traceback.format_exception(error)).rstrip(), summarise_error(error)
    return text if text.endswith(f"\n{summary}") else f"{text}\n\n{summary}"


class FastweightsError(Exception):
    """Base of every error below. Its message is one printable line, whatever was put into it; the command
    line prints it and exits with code 2."""

    def __init__(self, message: object) -> None:
        super().__init__(printable(" ".join(str(message).split()), 1200))


class InvalidValueError(FastweightsError, ValueError):
    """A value given by the user violates a stated condition."""


class UnknownNameError(FastweightsError, LookupError):
    """A name is not in the registry."""


class FileError(FastweightsError):
    """A file or folder cannot be read or written."""


class CheckpointError(FastweightsError):
    """A checkpoint cannot be read, or is not what it claims to be."""


class DivergenceError(FastweightsError):
    """A run's loss is not finite any more; `fit` is the run before that."""

    def __init__(self, message: object, fit: Any = None) -> None:
        super().__init__(message)
        self.fit = fit


class StudyError(FastweightsError):
    """A study folder cannot be used as asked."""


@contextlib.contextmanager
def errors_in(what: str, cls: type) -> Iterator[None]:
    """Within it, an exception in a user's own class becomes an `InvalidValueError` of one line, its cause:
    `the cell 'gru' (gru.py, line 55): ZeroDivisionError: division by zero`.

    The line is the innermost one in the file of the class. This package's own errors pass unchanged.
    """
    try:
        yield
    except FastweightsError:
        raise
    except Exception as error:
        file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
        place = Path(file).name if file else cls.__module__
        where = f"{place}, line {lines[-1]}" if lines else place
        raise InvalidValueError(f"the {what} ({where}): {summarise_error(error)}") from error


@contextlib.contextmanager
def errors_at(place: str) -> Iterator[None]:
    """Within it, this package's errors name the place of a value in a file."""
    try:
        yield
    except FastweightsError as error:
        raise InvalidValueError(f"{place}: {error}") from error


def to_python_numbers(options: Any) -> None:
    """Replace the NumPy and JAX scalars among the fields of a frozen dataclass by Python numbers: the options
    are then the same whether they were given `np.int64(20)` or 20.

    Raises: InvalidValueError if a field of the type int or float is given anything else.
    """
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
            value = value.item()
            object.__setattr__(options, field.name, value)
        if field.type is int and not isinstance(value, int):
            raise InvalidValueError(f"{field.name} must be a whole number; got {shown(value)}")
        if field.type is float and not isinstance(value, (int, float)):
            raise InvalidValueError(f"{field.name} must be a number; got {shown(value)}")


def check(condition: bool, message: str) -> None:
    """Raise `InvalidValueError(message)` unless `condition` holds."""
    if not condition:
        raise InvalidValueError(message)


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise `InvalidValueError` unless `value` is one of `choices`."""
    check(value in choices, f"{name} must be one of {', '.join(map(str, choices))}; got {shown(value)}")


def check_positive(name: str, value: float, *, zero: bool = False) -> None:
    """Raise `InvalidValueError` unless `value` is finite and > 0 (>= 0 with `zero`)."""
    good = (value >= 0 if zero else value > 0) and value < float("inf")
    check(good, f"{name} must be {'at least 0' if zero else 'positive'} and finite; got {shown(value)}")


def check_between(name: str, value: float, least: float, most: float) -> None:
    """Raise `InvalidValueError` unless least <= value <= most; NaN never is."""
    if least <= value <= most:
        return
    # 1,000,000 rather than 1000000.0, 1e+30 rather than thirty zeros.
    low, high = (f"{bound:,}" if isinstance(bound, int) else f"{bound:g}" for bound in (least, most))
    raise InvalidValueError(f"{name} must be between {low} and {high}; got {shown(value)}")


def printable(value: object, most: int = 400) -> str:
    """The value's text on one line of at most `most` characters, without control characters.

    What cannot be printed is escaped as in a string literal: a new line as `\\n`.
    """
    text = str(value)
    escaped = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:most])
    whole = len(text) <= most and len(escaped) <= most
    return escaped if whole else f"{escaped[: most - 3]}..."


def shown(value: object) -> str:
    """The repr of a value received, for a message: at most 60 characters."""
    if isinstance(value, int) and abs(value) >= 10**40:
        return "a whole number of more than 40 digits"  # Python refuses to write very long ones
    return printable(repr(value), 60)


def reason(error: Exception) -> str:
    """Why a file operation failed: the operating system's words, or those of the exception.

    A ValueError comes from a name that no file can have, one with a NUL in it.
    """
    return getattr(error, "strerror", None) or str(error)


def suggestion(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'learning-rate'"` for `learn-rate`, `learning_rate`, `lr`, `LEARNING-RATE` or `rate`;
    nothing where no known name is close. The dashes in front of options do not count."""
    asked = name.lower().replace("_", "-").strip("-")
    names = {entry.lower().strip("-"): entry for entry in known}
    near = [entry for entry in names if asked == "".join(word[:1] for word in entry.split("-"))]
    near += difflib.get_close_matches(asked, names, n=1)
    near += [entry for entry in sorted(names) if len(asked) > 2 and asked in entry]
    return f"; did you mean {names[near[0]]!r}" if near else ""
