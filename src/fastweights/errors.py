"""The errors that fastweights raises on purpose; each message is one line a user can act on."""


class FastweightsError(Exception):
    """Base of every error below. The command line prints its message and exits with code 2."""


class InvalidValueError(FastweightsError, ValueError):
    """A value given by the user violates a stated condition."""


class UnknownNameError(FastweightsError, LookupError):
    """A name is not in the registry."""


class FileError(FastweightsError):
    """A file or folder cannot be read or written."""


class CheckpointError(FastweightsError):
    """A checkpoint cannot be read, or is not what it claims to be."""


class StudyError(FastweightsError):
    """A study folder cannot be used as asked."""


def check(condition: bool, message: str) -> None:
    """Raise `InvalidValueError(message)` unless `condition` holds."""
    if not condition:
        raise InvalidValueError(message)


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise `InvalidValueError` unless `value` is one of `choices`."""
    expected = ", ".join(map(str, choices))
    check(value in choices, f"{name} must be one of {expected}; got {value!r}")


def check_positive(name: str, value: float, *, zero: bool = False) -> None:
    """Raise `InvalidValueError` unless `value` is finite and > 0 (>= 0 with `zero`)."""
    good = (value >= 0 if zero else value > 0) and value < float("inf")
    check(good, f"{name} must be {'at least 0' if zero else 'positive'} and finite; got {value}")
