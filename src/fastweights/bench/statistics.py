"""Spread over repeats, ratios within rounds, exponents and jumps. Plain numbers in, plain numbers out."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

from fastweights.errors import check


class Spread(NamedTuple):
    """Median and range over repeats."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one number."""
        return cls(median(values), min(values), max(values))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """The spread of the quotients, each formed within one round."""
    return Spread.of([a / b for a, b in zip(numerators, denominators, strict=True)])


def power_at_the_end(x: Sequence[float], y: Sequence[float], points: int = 5) -> tuple[float, float]:
    """The exponent and the factor of the power law factor · x^exponent through the last `points` points, by
    least squares of the logarithms."""
    check(len(x) >= 2, f"a power law needs at least 2 points; got {len(x)}")
    exponent, constant = np.polyfit(np.log(x[-points:]), np.log(y[-points:]), 1)
    return float(exponent), float(np.exp(constant))


def smooth(x: Sequence[float], y: Sequence[float]) -> np.ndarray:
    """A smooth curve through the points, at the points: log y as a polynomial of log x of degree 2 (less
    where there are fewer than 4 points), by least absolute differences, so that a jump doesn't bend it."""
    a, b = np.log(np.asarray(x, float)), np.log(np.asarray(y, float))
    degree = max(0, min(2, len(a) - 2))
    weights = np.ones_like(a)
    fitted = b
    for _ in range(50):
        fitted = np.polyval(np.polyfit(a - a.mean(), b, degree, w=weights), a - a.mean())
        weights = 1 / np.sqrt(np.maximum(np.abs(b - fitted), 1e-3))
    return np.exp(fitted)


def largest_jump(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """The x at which the time is worst against its neighbours, and how many times it lies above the smooth
    curve there; a ratio near 1 is none."""
    above = np.asarray(y, float) / smooth(x, y)
    worst = int(above.argmax())
    return float(x[worst]), float(above[worst])
