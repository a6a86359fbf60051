"""Bounds of the numbers that a user gives."""

from fastweights.errors import check

MOST_UPDATES = 2**31 - 1
"""Updates are counted in 32 bits."""

MOST_SEED = 2**32 - 1

MOST_SCALE = 1e30
"""Scales, rates and biases: far above anything that trains, below where single precision overflows."""


def check_between(name: str, value: float, least: float, most: float) -> None:
    """Raise InvalidValueError unless least <= value <= most; NaN never is."""
    check(
        least <= value <= most,
        f"{name} must be between {_written(least)} and {_written(most)}; got {shown(value)}",
    )


def shown(value: object) -> str:
    """A value received, for a message: short whatever it is."""
    if isinstance(value, int) and abs(value) >= 10**40:
        return "a whole number of more than 40 digits"  # Python refuses to write very long ones
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _written(bound: float) -> str:
    """1,000,000 rather than 1000000.0, 1e+30 rather than thirty zeros."""
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"
