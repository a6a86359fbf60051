"""Exponentially many patterns in their size: the softmax memory recalls them, and Hebb's does not."""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
from scipy.integrate import quad
from scipy.special import hyp0f1, lambertw

from fastweights.memories import OuterProduct, SoftmaxHopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import UNIT
from fastweights.theory.samples import mean_of, on_sphere

_QUERIES = 96
_SEEDS, _FEW_UNITS = 400, 8
_LARGE = 200


def patterns_of(units: int) -> int:
    """N = 2^(d/2)."""
    return 2 ** (units // 2)


def odds(units: int, pairs: int, beta: float) -> float:
    """(N − 1) E e^(−κ (1 − u)), κ = β d: the expected sum of the other patterns' weights over the right
    one's, u being the cosine of two random directions. E e^(κ u) = ₀F₁(d/2; κ²/4)."""
    sharpness = beta * units
    return float((pairs - 1) * np.exp(-sharpness) * hyp0f1(units / 2, sharpness**2 / 4))


def rate() -> float:
    """½ ln 2 − 1 + u + ½ ln u with u = (√5 − 1)/2: the odds fall as e^(rate d), at N = 2^(d/2) and β =
    1."""
    u = (np.sqrt(5) - 1) / 2
    return float(np.log(2) / 2 - 1 + u + np.log(u) / 2)


def base(beta: float, radius: float, units: int, failure: float) -> float:
    """c of theorem 3 for patterns on a sphere of radius K √(d − 1): N = √p c^((d−1)/4) of them can be
    stored with probability 1 − p."""
    a = 2 / (units - 1) * (1 + np.log(2 * beta * radius**2 * failure * (units - 1)))
    b = 2 * radius**2 * beta / 5
    return float(b / lambertw(np.exp(a + np.log(b))).real)


def guaranteed(c: float, units: int, failure: float) -> float:
    """√p c^((d−1)/4): the number of patterns of theorem 3."""
    return float(np.sqrt(failure) * c ** ((units - 1) / 4))


@register_check("softmax-hopfield-capacity", source="Ramsauer et al. 2020, arXiv:2008.02217, theorem 3")
class SoftmaxHopfieldCapacity(Check):
    """2^(d/2) random patterns of length √d are retrieved at β = 1 with an error that falls with d, while
    Hebb's squared error, (N − 1)/d on average, is soon larger than the value itself.

    The relative error ‖f(k) − k‖/(2 √d) is at most 1 − p, p being the right pattern's weight, and 1 − p
    at most the odds (1 − p)/p, whose mean over random patterns is known exactly: the measured mean error
    has to stay below it. The formula of the odds must be the integral over the density of a cosine, (1 −
    u²)^((d−3)/2), up to the quadrature's own estimate of its error, and the mean of the odds of 400
    memories up to four standard errors. By Laplace's method their logarithm is rate · d + constant +
    O(1/d); the constant drops out of the difference between d = 200 and 400, and 1/d² is left of the
    rate.

    The constants of theorem 3 are computed from its formula and must be the printed ones. The number of
    patterns N that it guarantees makes β K² (d − 1)/(5 c) equal to 1 + ln(2 β N² M²), with M = K √(d −
    1): the separation that the proof finds, and the one that it needs. It is fewer patterns than
    dimensions in both of the paper's examples, and more at d = 40."""

    statement = "The softmax network retrieves exponentially many patterns, where Hebb's memory fails."
    has_figure = True

    beta: float = 1.0
    """The memory's inverse temperature."""

    base: Callable[[float, float, int, float], float] = base
    """c of theorem 3, given β, K, d and p."""

    odds: Callable[[int, int, float], float] = odds
    """The mean of the odds against the right pattern, given d, N and β."""

    rate: Callable[[], float] = rate
    """Their logarithm for each unit, at N = 2^(d/2) and β = 1."""

    guaranteed: Callable[[float, int, float], float] = guaranteed
    """The number of patterns of theorem 3, given c, d and p."""

    sizes: Sequence[int] = (8, 14, 20, 26)
    """The units d of the memories."""

    def examine(self) -> Finding:
        """From 16 patterns of 8 units to 8,192 of 26."""
        rng = np.random.default_rng(0)
        quantities, softmax, hebb, expected = [], [], [], []
        for units in self.sizes:
            pairs = patterns_of(units)
            directions = on_sphere(rng, pairs, units)
            softmax.append(self._softmax_error(directions))
            hebb.append(_hebb_error(directions, on_sphere(rng, pairs, 3)))
            expected.append(self.odds(units, pairs, 1.0))
            name = f"error / bound, d = {units}, N = {pairs:,}"
            quantities.append(Quantity(name, softmax[-1] / expected[-1], highest=1))
        smallest, largest, pairs = self.sizes[0], self.sizes[-1], patterns_of(self.sizes[-1])
        falling, load = expected[-1] / expected[0], (pairs - 1) / largest
        name = f"error at d = {largest} / error at d = {smallest} (the bounds: {falling:.2g})"
        quantities.append(Quantity(name, softmax[-1] / softmax[0], highest=1))
        name = f"Hebb's squared error, d = {largest}, N = {pairs:,}; (N − 1)/d = {load:.0f}"
        quantities.append(Quantity(name, hebb[-1], lowest=1))
        for radius, units, printed in ((3, 20, 3.1546), (1, 75, 1.3718)):
            difference = self.base(1.0, radius, units, 0.001) - printed
            name = f"c for K = {radius}, d = {units}, against the printed {printed}"
            quantities.append(Quantity(name, difference, 0, 1e-4))  # printed is "c >= ...", cut off
            patterns, off = self._theorem_3(radius, units)
            quantities.append(Quantity("patterns it guarantees / d", patterns / units, highest=1))
            quantities.append(Quantity.near("β K² (d − 1)/(5 c) − 1 − ln(2 β N² M²)", off, 0, 1000 * UNIT))
        quantities.append(Quantity("the same for K = 3, d = 40", self._theorem_3(3, 40)[0] / 40, lowest=1))
        quantities += [*self._mean_odds(rng), self._rate()]
        load = [(patterns_of(units) - 1) / units for units in self.sizes]
        series = (
            Series("softmax, ‖f(k) − k‖/2M", self.sizes, softmax, "marks"),
            Series("expected odds (bound)", self.sizes, expected, "dashed"),
            Series("Hebb, ‖M k − v‖²", self.sizes, hebb, "marks"),
            Series("(N − 1)/d", self.sizes, load, "dashed"),
        )
        panel = Panel("2^(d/2) random patterns", "size d of a pattern", "error", series, y_scale="log")
        return Finding(*quantities, panels=[panel])

    def _theorem_3(self, radius: float, units: int) -> tuple[float, float]:
        """The number of patterns that theorem 3 guarantees with p = 0.001, and by how much it misses its
        condition."""
        c = self.base(1.0, radius, units, 0.001)
        patterns = self.guaranteed(c, units, 0.001)
        squared = radius**2 * (units - 1)
        return patterns, squared / (5 * c) - 1 - np.log(2 * patterns**2 * squared)

    def _mean_odds(self, rng: np.random.Generator) -> list[Quantity]:
        """The formula against the integral over the cosine; and against the odds of memories."""
        quantities = []
        for units, beta in ((8, 1.0), (26, 1.0), (5, 0.3)):
            exact, slack = _mean_odds(units, beta)
            name = f"odds off their integral, d = {units}, N = 16, β = {beta:g}"
            quantities.append(Quantity.near(name, self.odds(units, 16, beta) - 15 * exact, 0, 15 * slack))
        pairs = patterns_of(_FEW_UNITS)
        keys = jnp.asarray(np.sqrt(_FEW_UNITS) * on_sphere(rng, _SEEDS, pairs, _FEW_UNITS))
        memory = SoftmaxHopfield(keys[:, None], keys[:, None], jnp.asarray(self.beta))
        right = np.diagonal(memory.attention(keys), axis1=1, axis2=2)
        name = f"odds of memories, d = {_FEW_UNITS}, N = {pairs}"
        samples, expected = np.mean((1 - right) / right, axis=1), self.odds(_FEW_UNITS, pairs, 1.0)
        return [*quantities, mean_of(name, samples, expected)]

    def _rate(self) -> Quantity:
        small, large = (np.log(self.odds(d, patterns_of(d), 1.0)) for d in (_LARGE, 2 * _LARGE))
        name = f"ln odds for each unit between d = {_LARGE} and {2 * _LARGE}"
        return Quantity.near(name, (large - small) / _LARGE, self.rate(), 1 / _LARGE**2)

    def _softmax_error(self, directions: np.ndarray) -> float:
        """The mean of ‖f(k) − k‖/(2 √d) over some of the patterns."""
        patterns = jnp.asarray(np.sqrt(directions.shape[1]) * directions)
        memory = SoftmaxHopfield(patterns, patterns, jnp.asarray(self.beta))
        queries = patterns[:_QUERIES]
        errors = np.linalg.norm(memory.update(queries) - queries, axis=1)
        return float(np.mean(errors) / (2 * np.sqrt(directions.shape[1])))


def _mean_odds(units: int, beta: float) -> tuple[float, float]:
    """E e^(−κ (1 − u)) by quadrature, and its error."""

    def density(u: float) -> float:
        return (1 - u * u) ** ((units - 3) / 2)

    above, error = quad(lambda u: np.exp(beta * units * (u - 1)) * density(u), -1, 1, epsabs=0, epsrel=1e-10)
    below, other = quad(density, -1, 1, epsabs=0, epsrel=1e-10)
    return above / below, above / below * (error / above + other / below)


def _hebb_error(directions: np.ndarray, values: np.ndarray) -> float:
    """The mean of ‖M k − v‖² for the same patterns, of length 1, as keys of random values."""
    keys = jnp.asarray(directions)
    memory = OuterProduct.empty(keys.shape[1], values.shape[1]).store(keys, jnp.asarray(values))
    return float(np.mean(np.sum((memory.read(keys[:_QUERIES]) - values[:_QUERIES]) ** 2, axis=1)))
