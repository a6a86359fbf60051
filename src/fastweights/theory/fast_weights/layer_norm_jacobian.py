"""The Jacobian of layer normalisation."""

from collections.abc import Callable

import jax
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


@register_check("layer-norm-jacobian", source="Ba, Kiros & Hinton 2016, arXiv:1607.06450, equation 3")
class LayerNormJacobian(Check):
    """J = diag(g) (I − 1 1ᵀ/R − x̂ x̂ᵀ/R) / s, so that ‖J‖ ≤ max |g| / s: nothing passes along 1, and ε / s²
    of a change along x̂.

    In rounding, x − μ is off by R roundings of |x|, and s² by as much of its square; relative to s, both are
    at most κ² with κ = 1 + 2 max |x| / s. An entry of s J / g goes through R + 12 roundings.
    """

    statement = "Layer normalisation suppresses changes of mean and scale, and divides others by s."

    jacobian: Callable[[Vector, Vector], Matrix] = jacobian
    """J, given x and the gain g."""

    def examine(self) -> Finding:
        """For several sizes, and deviations from far above √ε to far below."""
        rng = np.random.default_rng(0)
        apart, ratios, along = [], [], []
        for units in (2, 7, 20):
            gain = 1 + 0.5 * rng.standard_normal(units)
            xs = 1 + np.array([[10.0], [1.0], [1e-2], [1e-4]]) * rng.standard_normal((4, units))
            jacobians = _by_autodiff(xs, gain)
            for x, exact in zip(xs, jacobians, strict=True):
                s, hat = deviation(x), standardised(x)
                sizes, plain = np.square(1 + 2 * abs(x).max() / s), exact * s / gain[:, None]
                given, count = self.jacobian(x, gain) * s / gain[:, None], units + 12
                apart.append(roundings_apart(plain, given, sizes, count))
                along.append(roundings_apart(plain @ hat, EPSILON / s**2 * hat, units * sizes, count))
                ratios.append(np.linalg.norm(exact, 2) * s / abs(gain).max())
        return Finding(
            within_rounding("J against autodiff", *apart),
            Quantity("largest ‖J‖ s / max |g|", max(ratios), highest=1 + 400 * UNIT),
            within_rounding("s J x̂ off ε/s² g x̂", *along),
        )


@run_once
def _by_autodiff(xs: Float[Array, "points units"], gain: Float[Array, " units"]) -> Array:
    return jax.vmap(jax.jacrev(lambda x: layer_norm(x, gain, 0.3 * gain)))(xs)
