"""The lowest of many validation errors is too low, and by how much."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.integrate import quad
from scipy.special import ndtr

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.samples import STANDARD_ERRORS, standard_error

_TRIALS, _STUDIES = 16, 20_000
_SPREAD, _NOISE = 1.5, 2.0


def lowest(trials: int) -> float:
    """∫ x n φ(x) Φ(x)^(n − 1) dx: the expectation of the largest of n standard normal numbers."""

    def weighted(x: float) -> float:
        return x * trials * math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi) * ndtr(x) ** (trials - 1)

    return quad(weighted, -math.inf, math.inf)[0]


def kept(spread: float, noise: float) -> float:
    """s² / (s² + σ²): the share of a validation error's advantage that is real."""
    return spread**2 / (spread**2 + noise**2)


@register_check("best-of-many", source="this project; David & Nagaraja 2003, Order statistics, from memory")
class BestOfMany(Check):
    """Of n settings with validation errors of one mean and the standard deviation σ, the lowest is expected
    to be m_n σ below the mean, m_n being the mean of the largest of n standard normal numbers: m_2 = 1/√π,
    m_3 = 3/(2√π), in closed form. If settings differ by s and each validation error has the noise σ, the
    selected one has m_n √(s² + σ²) less by validation, and s² / (s² + σ²) of that by a new test.

    20,000 studies of 16 settings, four standard errors; the integral to 10⁻⁹.
    """

    statement = "The best of n validation errors flatters: of its advantage s² / (s² + σ²) is real."
    has_figure = True

    lowest: Callable[[int], float] = lowest
    """m_n."""

    kept: Callable[[float, float], float] = kept
    """The real share, given s and σ."""

    two: float = 1 / math.sqrt(math.pi)
    """m_2."""

    three: float = 3 / (2 * math.sqrt(math.pi))
    """m_3."""

    def examine(self) -> Finding:
        """Closed forms, and many studies."""
        rng = np.random.default_rng(0)
        true = _SPREAD * rng.standard_normal((_STUDIES, _TRIALS))
        validation = true + _NOISE * rng.standard_normal(true.shape)
        best = validation.argmin(axis=1)[:, None]
        seen, real = (-np.take_along_axis(errors, best, axis=1)[:, 0] for errors in (validation, true))
        total = math.sqrt(_SPREAD**2 + _NOISE**2) * self.lowest(_TRIALS)
        counts = np.arange(1, 51)
        gain = [lowest(int(count)) for count in counts]
        return Finding(
            Quantity.near("m₂", self.lowest(2), self.two, 1e-9),
            Quantity.near("m₃", self.lowest(3), self.three, 1e-9),
            Quantity.near("by validation", seen.mean(), total, STANDARD_ERRORS * standard_error(seen)),
            _real(real, total * self.kept(_SPREAD, _NOISE)),
            panels=[
                Panel(
                    "What the best of n settings seems to gain",
                    "settings tried",
                    "standard deviations",
                    [
                        Series("seen, in √(s² + σ²)", counts, gain),
                        Series("real, if s = σ", counts, np.array(gain) / 2),
                        Series("real, if all settings are equal", counts, 0 * counts),
                    ],
                )
            ],
        )


def _real(samples: Float[np.ndarray, " studies"], expected: float) -> Quantity:
    return Quantity.near("by a new test", samples.mean(), expected, STANDARD_ERRORS * standard_error(samples))
