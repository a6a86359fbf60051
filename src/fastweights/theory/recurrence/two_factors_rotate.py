"""One factor I − β k kᵀ is never a rotation; two are."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.rounding import UNIT

_ANGLES = (np.pi / 2, 2 * np.pi / 3, 2.5)


def distance(angle: float) -> float:
    """√(2 sin²θ + (1 − cos θ)²): of the rotation by θ from the nearest I − β k kᵀ."""
    return float(np.sqrt(2 * np.sin(angle) ** 2 + (1 - np.cos(angle)) ** 2))


def nearest_rate(angle: float) -> float:
    """1 − cos θ: the β of the nearest one."""
    return float(1 - np.cos(angle))


def between(angle: float) -> float:
    """θ/2: the angle between the unit keys of two reflections that make a rotation by θ."""
    return angle / 2


@register_check(
    "two-factors-rotate", source="Siems et al. 2025, arXiv:2502.10297; this project for the distance"
)
class TwoFactorsRotate(Check):
    """No I − β k kᵀ is nearer to the plane's rotation by θ than √(2 sin²θ + (1 − cos θ)²), in the root of the
    sum of squares: it is symmetric, and keeps what is orthogonal to k. With β = 2 two of them, whose unit
    keys lie θ/2 apart, are the rotation, up to rounding; at another angle or rate they aren't.

    The distance is that of a numerical search over β and the direction of k, from eight starts; its gradient
    vanishes at the minimum, so that 10⁻⁹ is left for the search."""

    statement = (
        "One delta write cannot rotate the plane; two with β = 2 rotate it by twice their keys' angle."
    )

    distance: Callable[[float], float] = distance
    """From the nearest single factor."""

    nearest_rate: Callable[[float], float] = nearest_rate
    """Its β."""

    between: Callable[[float], float] = between
    """Between the keys of two factors."""

    rate: float = 2.0
    """β of both."""

    def examine(self) -> Finding:
        """A right angle, a third of a turn, and 2.5."""
        distances, rates, apart = [], [], []
        for angle in _ANGLES:
            found, rate = _nearest(angle)
            distances.append(abs(found - self.distance(angle)))
            rates.append(abs(rate - self.nearest_rate(angle)))
            first, second = (factor(self.rate, at) for at in (0.3 + self.between(angle), 0.3))
            apart.append(np.max(abs(first @ second - rotation(angle))))
        return Finding(
            Quantity("one factor: distance, off by", max(distances), highest=1e-9),
            Quantity("one factor: β of the nearest, off by", max(rates), highest=1e-5),
            Quantity("two factors: difference from the rotation", max(apart), highest=20 * UNIT),
        )


def rotation(angle: float) -> np.ndarray:
    """Of the plane, against the clock."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def factor(rate: float, at: float) -> np.ndarray:
    """I − β k kᵀ for the unit key at this angle."""
    key = np.array([np.cos(at), np.sin(at)])
    return np.eye(2) - rate * np.outer(key, key)


def _nearest(angle: float) -> tuple[float, float]:
    """The least distance of a factor from the rotation, and its β."""

    def off(parameters: np.ndarray) -> float:
        return float(np.sum((factor(*parameters) - rotation(angle)) ** 2))

    best = min(
        (minimize(off, [rate, at], tol=1e-14) for rate in (0.5, 1.5) for at in (0.1, 0.9, 1.7, 2.5)),
        key=lambda found: found.fun,
    )
    return float(np.sqrt(best.fun)), float(best.x[0])
