"""Exponentially many patterns in their size: the softmax memory recalls them, and Hebb's does not."""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
from scipy.special import hyp0f1, lambertw

from fastweights.memories import OuterProduct, SoftmaxHopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.samples import on_sphere

_QUERIES = 96


def patterns_of(units: int) -> int:
    """N = 2^(d/2)."""
    return 2 ** (units // 2)


def odds(units: int, pairs: int, beta: float) -> float:
    """(N − 1) E e^(−κ (1 − u)), κ = β d: the expected sum of the other patterns' weights over the right
    one's, u being the cosine of two random directions. E e^(κ u) = ₀F₁(d/2; κ²/4)."""
    sharpness = beta * units
    return float((pairs - 1) * np.exp(-sharpness) * hyp0f1(units / 2, sharpness**2 / 4))


def base(beta: float, radius: float, units: int, failure: float) -> float:
    """c of theorem 3 for patterns on a sphere of radius K √(d − 1): N = √p c^((d−1)/4) of them can be stored
    with probability 1 − p."""
    a = 2 / (units - 1) * (1 + np.log(2 * beta * radius**2 * failure * (units - 1)))
    b = 2 * radius**2 * beta / 5
    return float(b / lambertw(np.exp(a + np.log(b))).real)


@register_check("softmax-hopfield-capacity", source="Ramsauer et al. 2020, arXiv:2008.02217, theorem 3")
class SoftmaxHopfieldCapacity(Check):
    """2^(d/2) random patterns of length √d are retrieved at β = 1 with an error that falls with d, while
    Hebb's squared error, (N − 1)/d in the mean, is soon larger than the value itself.

    The relative error ‖f(k) − k‖/(2 √d) is at most 1 − p, p being the right pattern's weight, and 1 − p at
    most the odds (1 − p)/p, whose mean over random patterns is known exactly: the measured mean has to stay
    below it, and it falls as e^(−0.276 d) (in the chapter). The constants of theorem 3 are computed from its
    formula and must be the printed ones; with them it guarantees fewer patterns than dimensions in both
    examples, and more at d = 40."""

    statement = "The softmax network retrieves exponentially many patterns, where Hebb's memory fails."

    beta: float = 1.0
    """The memory's inverse temperature."""

    base: Callable[[float, float, int, float], float] = base
    """c of theorem 3, given β, K, d and p."""

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
            expected.append(odds(units, pairs, 1.0))
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
            quantities.append(
                Quantity("patterns it guarantees / d", self._guaranteed(radius, units), highest=1)
            )
        quantities.append(Quantity("the same for K = 3, d = 40", self._guaranteed(3, 40), lowest=1))
        load = [(patterns_of(units) - 1) / units for units in self.sizes]
        series = (
            Series("softmax, ‖f(k) − k‖/2M", self.sizes, softmax, "marks"),
            Series("expected odds (bound)", self.sizes, expected, "dashed"),
            Series("Hebb, ‖M k − v‖²", self.sizes, hebb, "marks"),
            Series("(N − 1)/d", self.sizes, load, "dashed"),
        )
        panel = Panel("2^(d/2) random patterns", "size d of a pattern", "error", series, y_scale="log")
        return Finding(*quantities, panels=[panel])

    def _guaranteed(self, radius: float, units: int) -> float:
        """The number of patterns that theorem 3 guarantees with p = 0.001, over d."""
        return np.sqrt(0.001) * self.base(1.0, radius, units, 0.001) ** ((units - 1) / 4) / units

    def _softmax_error(self, directions: np.ndarray) -> float:
        """The mean of ‖f(k) − k‖/(2 √d) over some of the patterns."""
        patterns = jnp.asarray(np.sqrt(directions.shape[1]) * directions)
        memory = SoftmaxHopfield(patterns, patterns, jnp.asarray(self.beta))
        queries = patterns[:_QUERIES]
        errors = np.linalg.norm(memory.update(queries) - queries, axis=1)
        return float(np.mean(errors) / (2 * np.sqrt(directions.shape[1])))


def _hebb_error(directions: np.ndarray, values: np.ndarray) -> float:
    """The mean of ‖M k − v‖² for the same patterns, of length 1, as keys of random values."""
    keys = jnp.asarray(directions)
    memory = OuterProduct.empty(keys.shape[1], values.shape[1]).store(keys, jnp.asarray(values))
    return float(np.mean(np.sum((memory.read(keys[:_QUERIES]) - values[:_QUERIES]) ** 2, axis=1)))
