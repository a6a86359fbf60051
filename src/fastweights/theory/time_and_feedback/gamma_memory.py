"""A chain of leaky units: between the tapped delay line and one feedback loop."""

import math
from collections.abc import Callable

import numpy as np

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import outputs, simple_cell
from fastweights.theory.rounding import roundings_apart, within_rounding

_TAPS, _STEPS = 6, 400
_RATES = (1.0, 0.5, 0.25)


def response(tap: int, delay: int, rate: float) -> float:
    """C(n − 1, k − 1) μ^k (1 − μ)^(n − k): of tap k, n steps after an impulse."""
    return math.comb(delay - 1, tap - 1) * rate**tap * (1 - rate) ** (delay - tap) if delay >= tap else 0.0


def depth(tap: int, rate: float) -> float:
    """k / μ: the mean delay."""
    return tap / rate


def spread(tap: int, rate: float) -> float:
    """k (1 − μ) / μ²: the variance of the delay."""
    return tap * (1 - rate) / rate**2


@register_check("gamma-memory", source="de Vries & Principe 1992, The gamma model")
class GammaMemory(Check):
    """x_k(n) = (1 − μ) x_k(n−1) + μ x_{k−1}(n−1): tap k answers an impulse with C(n−1, k−1) μ^k (1−μ)^(n−k)
    after n steps, weights that sum up to 1, of mean delay k / μ and variance k (1−μ)/μ². K taps reach K / μ
    steps back.

    Inputs and weights are positive, so that an IRNN with these weights is the chain; a term goes through two
    roundings a step, the formula's through some more. After 400 steps less than 10⁻¹² of a response is left.
    """

    statement = (
        "A chain of leaky units with the rate μ reaches 1/μ times as far as a delay line, less sharply."
    )
    has_figure = True

    response: Callable[[int, int, float], float] = response
    """Of a tap to an impulse, given the tap, the delay and μ."""

    depth: Callable[[int, float], float] = depth
    """The mean delay, given the tap and μ."""

    spread: Callable[[int, float], float] = spread
    """Its variance."""

    def examine(self) -> Finding:
        """Six taps, at the rates 1 (a tapped delay line), ½ and ¼."""
        delays, taps = np.arange(1, _STEPS + 1), range(1, _TAPS + 1)
        apart, off, series = [], [], []
        for rate in _RATES:
            measured = _responses(rate)
            derived = np.array([[self.response(tap, int(delay), rate) for tap in taps] for delay in delays])
            apart.append(roundings_apart(measured, derived, abs(derived), 2 * _STEPS + 10))
            for tap in taps:
                weights = measured[:, tap - 1]
                mean = weights @ delays
                off.append(abs(weights.sum() - 1))
                off.append(abs(mean / self.depth(tap, rate) - 1))
                off.append(abs(weights @ (delays - mean) ** 2 - self.spread(tap, rate)) / _STEPS)
            series.append(Series(f"tap 6, μ = {rate:g}", delays[:60], measured[:60, -1]))
        return Finding(
            within_rounding("responses against C(n−1, k−1) μᵏ (1−μ)ⁿ⁻ᵏ", *apart),
            Quantity("sum, mean delay and its variance, off by", max(off), highest=1e-10),
            panels=[Panel("What the sixth tap remembers", "steps since the input", "weight", series)],
        )


def _responses(rate: float) -> np.ndarray:
    """What each tap (columns) holds after n steps (rows), by the library's cell."""
    recurrent = (1 - rate) * np.eye(_TAPS) + rate * np.eye(_TAPS, k=-1)
    chain = simple_cell("irnn", recurrent, rate * np.eye(_TAPS)[:, :1], np.zeros(_TAPS))
    impulse = np.zeros((1, _STEPS, _TAPS))
    impulse[0, 0, 0] = rate
    return outputs(chain, impulse)[0]
