"""The retrieval state of Hopfield's network in the limit of many units (Amit et al. 1987)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq, fminbound
from scipy.special import erf


class End(NamedTuple):
    """The end of the retrieval state."""

    load: float
    """α_c, patterns for each unit."""

    overlap: float
    """m there: (1 − m)/2 of the units are wrong."""


def load_at(y: float) -> float:
    """α for which the retrieval state has y = m/√(2 α r): from the saddle-point equations at zero
    temperature, erf(y) = y (√(2 α) + (2/√π) e^(−y²)) with m = erf(y)."""
    return (erf(y) / y - 2 / np.sqrt(np.pi) * np.exp(-y * y)) ** 2 / 2


def susceptibility(noise: float, y: float) -> float:
    """C = √(2/(π α r)) e^(−y²): twice the noise's density where the field changes sign, given its variance
    α r and y."""
    return float(np.sqrt(2 / (np.pi * noise)) * np.exp(-y * y))


def enlarged(susceptibility: float) -> float:
    """r = 1/(1 − C)²: the factor by which errors, which feed on themselves, enlarge the noise's
    variance."""
    return 1 / (1 - susceptibility) ** 2


def end_of_retrieval(load: Callable[[float], float] = load_at) -> End:
    """The largest load at which the equations have a solution with m > 0, given α by y."""
    y = _at_the_end(load)
    return End(float(load(y)), float(erf(y)))


def overlap(load: float) -> float:
    """m of the retrieval state, the larger of the solutions; beyond the state's end there is only 0."""
    end = _at_the_end(load_at)
    return float(erf(brentq(lambda y: load_at(y) - load, end, 30))) if load_at(end) > load else 0.0


def _at_the_end(load: Callable[[float], float]) -> float:
    y: Any = fminbound(lambda y: -load(y), 0.5, 3, xtol=1e-10)
    return float(y)
