"""Layer normalisation is invariant to the scale and the mean of its summed inputs."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import layer_norm
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

_UNITS, _COLUMNS = 20, 7

Normalise = Callable[
    [Float[Array, "units columns"], Float[Array, "units columns"], Float[Array, "units columns"], float],
    Float[Array, "units columns"],
]


@register_check(
    "layer-norm-invariance", source="Ba, Kiros & Hinton 2016, arXiv:1607.06450, section 5.1, table 1"
)
class LayerNormInvariance(Check):
    """LN[α x + β 1] = LN[x] for α > 0 if ε = 0; else LN[α x + β 1] − b = √((σ²+ε)/(σ²+ε/α²)) (LN[x] − b).

    Each column has an α and β of its own, so that a normalisation over the batch would fail. A standardised
    unit goes through 2 R + 8 roundings, of terms as large as (|x| + |β/α|) / s.
    """

    statement = "Layer normalisation is invariant to scale and shift, up to the derived effect of ε."

    normalise: Normalise = layer_norm
    """Normalisation of columns, given x, gain, bias and ε."""

    deviation: Callable[..., Float[np.ndarray, "*shape"]] = lambda variance, scale, epsilon: np.sqrt(
        (variance + epsilon) / (variance + epsilon / scale**2)
    )
    """The factor √((σ² + ε) / (σ² + ε/α²)) that a scale leaves because of ε, given σ², α and ε."""

    def examine(self) -> Finding:
        """With ε = 0, then with the library's and with one as large as the variance."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((_UNITS, _COLUMNS))
        gain, bias = (jnp.asarray(rng.standard_normal((_UNITS, 1)) * np.ones(_COLUMNS)) for _ in range(2))
        scale, shift = rng.uniform(0.1, 10, _COLUMNS), rng.uniform(-3, 3, _COLUMNS)
        variance = x.var(axis=0)
        sizes = abs(np.asarray(gain)) * (abs(x) + abs(shift / scale)).max(axis=0) / np.sqrt(variance)
        sizes = np.square(1 + sizes) + abs(np.asarray(bias))
        count = 2 * _UNITS + 8

        def normalised(columns, gain=gain, bias=0 * bias, epsilon=0.0):
            return np.asarray(self.normalise(jnp.asarray(columns), gain, bias, epsilon) - bias)

        def difference(epsilon: float) -> float:
            plain = normalised(x, bias=bias, epsilon=epsilon)
            changed = normalised(scale * x + shift, bias=bias, epsilon=epsilon)
            given = self.deviation(variance, scale, epsilon) * plain
            return roundings_apart(changed, given, sizes, count)

        flipped = roundings_apart(normalised(-x), -normalised(x), sizes, count)
        length = np.linalg.norm(normalised(x, jnp.ones((_UNITS, _COLUMNS))), axis=0)
        off = abs(length / np.sqrt(_UNITS) - 1).max()
        return Finding(
            within_rounding("ε = 0: LN[α x + β] off LN[x]", difference(0.0)),
            within_rounding("ε = 1e-5: off what is derived", difference(1e-5)),
            within_rounding("ε = 1: off what is derived", difference(1.0)),
            within_rounding("α = −1: LN[−x] + LN[x]", flipped),
            Quantity("‖LN[x]‖ off √R, relative, for g = 1, b = 0, ε = 0", off, highest=2 * count * UNIT),
            panels=[_panel(self.deviation)],
        )


def _panel(deviation: Callable[..., Float[np.ndarray, "*shape"]]) -> Panel:
    """The deviation of a standardised column against that of its inputs."""
    sigmas, epsilon = np.geomspace(1e-5, 1, 60), 1e-5
    x = np.random.default_rng(1).standard_normal((_UNITS, 1))
    x = (x - x.mean()) / x.std() * sigmas
    ones = jnp.ones(x.shape)
    measured = np.asarray(layer_norm(jnp.asarray(x), ones, 0 * ones, epsilon)).std(axis=0)
    largest = deviation(np.ones(60), sigmas, epsilon) / np.sqrt(1 + epsilon)
    series = [
        Series("measured", sigmas[::3], measured[::3], "marks"),
        Series("σ / √(σ² + ε)", sigmas, largest, "dashed"),
    ]
    return Panel("ε = 1e-5", "σ of the summed inputs", "σ of the output", series, x_scale="log")
