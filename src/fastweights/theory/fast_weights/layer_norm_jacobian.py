"""The Jacobian of layer normalisation."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import layer_norm
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import run_once
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

Vector = Float[np.ndarray, " units"]
Matrix = Float[np.ndarray, "units units"]

EPSILON = 1e-5
"""The library's ε."""


def deviation(x: Vector) -> float:
    """s = √(σ² + ε)."""
    return float(np.sqrt(np.var(x) + EPSILON))


def standardised(x: Vector) -> Vector:
    """x̂ = (x − μ) / s."""
    return (x - x.mean()) / deviation(x)


def jacobian(x: Vector, gain: Vector) -> Matrix:
    """diag(g) (I − 1 1ᵀ / R − x̂ x̂ᵀ / R) / s."""
    units, hat = len(x), standardised(x)
    return gain[:, None] * (np.eye(units) - 1 / units - np.outer(hat, hat) / units) / deviation(x)


def largest_slope(gain: Vector, deviation: float) -> float:
    """max |g| / s: the bound on ‖J‖."""
    return float(abs(gain).max() / deviation)


def along_itself(deviation: float) -> float:
    """ε / s²: the factor of a change along x̂, before the gain and 1/s."""
    return EPSILON / deviation**2


def radius(gain: Vector, bias: Vector) -> float:
    """√R max |g| + ‖b‖: the largest norm of a normalised vector."""
    return float(np.sqrt(len(gain)) * abs(gain).max() + np.linalg.norm(bias))


@register_check("layer-norm-jacobian", source="Ba, Kiros & Hinton 2016, arXiv:1607.06450, equation 3")
class LayerNormJacobian(Check):
    """J = diag(g) (I − 1 1ᵀ/R − x̂ x̂ᵀ/R) / s, so that ‖J‖ ≤ max |g| / s: nothing passes along 1, and ε /
    s² of a change along x̂; and ‖LN[x]‖ ≤ √R max |g| + ‖b‖. Both bounds are attained: the first with
    equal gains by what is orthogonal to 1 and x̂, the second with gains and biases of the signs of x̂,
    for ε → 0.

    In rounding, x − μ is off by R roundings of |x|, and s² by as much of its square; relative to s, both
    are at most κ² with κ = 1 + 2 max |x| / s. An entry of s J / g goes through R + 12 roundings.
    """

    statement = "Layer normalisation suppresses changes of mean and scale, and divides others by s."

    jacobian: Callable[[Vector, Vector], Matrix] = jacobian
    """J, given x and the gain g."""

    largest_slope: Callable[[Vector, float], float] = largest_slope
    """The bound on ‖J‖, given g and s."""

    along_itself: Callable[[float], float] = along_itself
    """The factor of a change along x̂ in s J / g, given s."""

    radius: Callable[[Vector, Vector], float] = radius
    """The largest norm of a normalised vector, given g and b."""

    def examine(self) -> Finding:
        """For several sizes, and deviations from far above √ε to far below."""
        rng = np.random.default_rng(0)
        apart, ratios, along, equal = [], [], [], []
        for units in (2, 7, 20):
            gain, same = 1 + 0.5 * rng.standard_normal(units), np.full(units, 1.5)
            xs = 1 + np.array([[10.0], [1.0], [1e-2], [1e-4]]) * rng.standard_normal((4, units))
            jacobians, of_equal = _by_autodiff(xs, gain), _by_autodiff(xs, same)
            for x, exact, with_equal in zip(xs, jacobians, of_equal, strict=True):
                s, hat = deviation(x), standardised(x)
                sizes, plain = np.square(1 + 2 * abs(x).max() / s), exact * s / gain[:, None]
                given, count = self.jacobian(x, gain) * s / gain[:, None], units + 12
                apart.append(roundings_apart(plain, given, sizes, count))
                along.append(roundings_apart(plain @ hat, self.along_itself(s) * hat, units * sizes, count))
                ratios.append(np.linalg.norm(exact, 2) / self.largest_slope(gain, s))
                if units > 2:
                    off = np.linalg.norm(with_equal, 2) / self.largest_slope(same, s) - 1
                    equal.append(abs(off) / (2 * units * count * sizes * UNIT))
        return Finding(
            within_rounding("J against autodiff", *apart),
            Quantity("largest ‖J‖ s / max |g|", max(ratios), highest=1 + 400 * UNIT),
            within_rounding("equal gains, R > 2: ‖J‖ off max |g| / s", *equal),
            self._largest(),
            within_rounding("s J x̂ off ε/s² g x̂", *along),
        )

    def _largest(self) -> Quantity:
        """LN of (m, −m, m, …) with gains and biases that make every unit as large as it can be."""
        signs, bias = np.where(np.arange(20) % 2, -1.0, 1.0), np.full(20, 0.3)
        # ε is half a rounding of the variance, 10¹⁶.
        x, gain = jnp.asarray(1e8 * signs), jnp.asarray(1.5 * signs)
        length = np.linalg.norm(layer_norm(x, gain, jnp.asarray(bias)))
        ratio = length / self.radius(1.5 * signs, bias)
        return Quantity.near("the largest ‖LN‖ / (√R max |g| + ‖b‖)", ratio, 1, 100 * UNIT)


@run_once
def _by_autodiff(xs: Float[Array, "points units"], gain: Float[Array, " units"]) -> Array:
    return jax.vmap(jax.jacrev(lambda x: layer_norm(x, gain, 0.3 * gain)))(xs)
