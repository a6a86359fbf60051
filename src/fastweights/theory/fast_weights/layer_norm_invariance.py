"""What layer normalisation does not see: the scale and the mean of its summed inputs."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import layer_norm
from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.plot import Panel, Series
from fastweights.theory.rounding import UNIT, roundings_apart

_UNITS, _COLUMNS = 20, 7

Normalise = Callable[
    [Float[Array, "units columns"], Float[Array, "units columns"], Float[Array, "units columns"], float],
    Float[Array, "units columns"],
]


def scaled_by(
    variance: Float[np.ndarray, "*shape"], scale: Float[np.ndarray, "*shape"], epsilon: float
) -> Float[np.ndarray, "*shape"]:
    """√((σ² + ε) / (σ² + ε/α²)): what ε lets through of a scale α."""
    return np.sqrt((variance + epsilon) / (variance + epsilon / scale**2))


@register_check(
    "layer-norm-invariance", source="Ba, Kiros & Hinton 2016, arXiv:1607.06450, section 5.1, table 1"
)
class LayerNormInvariance(Check):
    """LN[α x + β 1] = LN[x] for α > 0 if ε = 0; else LN[α x + β 1] − b = √((σ²+ε)/(σ²+ε/α²)) (LN[x] − b).

    Each column has an α and β of its own, so that whoever normalises over the batch sees them. A standardised
    unit goes through 2 R + 8 roundings, of terms as large as (|x| + |β/α|) / s.
    """

    statement = "Layer normalisation is blind to scale and shift, but for ε as derived."

    normalise: Normalise = layer_norm
    """Normalisation of columns, given x, gain, bias and ε."""

    deviation: Callable[..., Float[np.ndarray, "*shape"]] = scaled_by
    """What ε lets through of a scale, given σ², α and ε."""

    def examine(self) -> Finding:
        """With ε = 0, then with the library's and with one as large as the variance."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((_UNITS, _COLUMNS))
        gain, bias = (jnp.asarray(rng.standard_normal((_UNITS, 1)) * np.ones(_COLUMNS)) for _ in range(2))
        scale, shift = rng.uniform(0.1, 10, _COLUMNS), rng.uniform(-3, 3, _COLUMNS)
        variance = x.var(axis=0)
        sizes = abs(np.asarray(gain)) * (abs(x) + abs(shift / scale)).max(axis=0) / np.sqrt(variance)
        sizes = np.square(1 + sizes) + abs(np.asarray(bias))

        def difference(epsilon: float) -> float:
            plain, changed = (
                np.asarray(self.normalise(jnp.asarray(each), gain, bias, epsilon) - bias)
                for each in (x, scale * x + shift)
            )
            given = self.deviation(variance, scale, epsilon) * plain
            return roundings_apart(changed, given, sizes, 2 * _UNITS + 8)

        flipped = np.asarray(self.normalise(jnp.asarray(-x), gain, 0 * bias, 0.0))
        upright = np.asarray(self.normalise(jnp.asarray(x), gain, 0 * bias, 0.0))
        ones = jnp.ones((_UNITS, _COLUMNS))
        length = np.linalg.norm(np.asarray(self.normalise(jnp.asarray(x), ones, 0 * ones, 0.0)), axis=0)
        return Finding(
            (
                Quantity("ε = 0: LN[α x + β] off LN[x], in rounding errors", difference(0.0), highest=1.0),
                Quantity("ε = 1e-5: off what is derived, in rounding errors", difference(1e-5), highest=1.0),
                Quantity("ε = 1: off what is derived, in rounding errors", difference(1.0), highest=1.0),
                Quantity(
                    "α = −1: LN[−x] + LN[x], in rounding errors",
                    roundings_apart(flipped, -upright, sizes, 2 * _UNITS + 8),
                    highest=1.0,
                ),
                Quantity(
                    "‖LN[x]‖ off √R, relative, for g = 1, b = 0, ε = 0",
                    abs(length / np.sqrt(_UNITS) - 1).max(),
                    highest=2 * (2 * _UNITS + 8) * UNIT,
                ),
            ),
            _panels(self.deviation),
        )


def _panels(deviation: Callable[..., Float[np.ndarray, "*shape"]]) -> list[Panel]:
    """How large a standardised column is, against its deviation."""
    sigmas, epsilon = np.geomspace(1e-5, 1, 60), 1e-5
    rng = np.random.default_rng(1)
    x = rng.standard_normal((_UNITS, 1))
    x = (x - x.mean()) / x.std() * sigmas
    ones = jnp.ones(x.shape)
    measured = np.asarray(layer_norm(jnp.asarray(x), ones, 0 * ones, epsilon)).std(axis=0)
    largest = deviation(np.ones(60), sigmas, epsilon) / np.sqrt(1 + epsilon)
    series = [
        Series("measured", sigmas[::3], measured[::3], "marks"),
        Series("σ / √(σ² + ε)", sigmas, largest, "dashed"),
    ]
    panel = Panel("ε = 1e-5", "σ of the summed inputs", "σ of the output", series, x_scale="log")
    return [panel]
