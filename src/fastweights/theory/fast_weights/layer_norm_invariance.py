"""Layer normalisation is invariant to the scale and the mean of its summed inputs."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import layer_norm
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

_UNITS, _BATCH = 20, 7

Normalise = Callable[
    [Float[Array, "batch units"], Float[Array, " units"], Float[Array, " units"], float],
    Float[Array, "batch units"],
]


@register_check(
    "layer-norm-invariance", source="Ba, Kiros & Hinton 2016, arXiv:1607.06450, section 5.1, table 1"
)
class LayerNormInvariance(Check):
    """LN[α x + β 1] = LN[x] for α > 0 if ε = 0; else LN[α x + β 1] − b = √((σ²+ε)/(σ²+ε/α²)) (LN[x] − b).

    Each vector has an α and β of its own, so that a normalisation over the batch would fail. A
    standardised unit goes through 2 R + 8 roundings, of terms as large as (|x| + |β/α|) / s.
    """

    statement = "Layer normalisation is invariant to scale and shift, up to the derived effect of ε."
    has_figure = True

    normalise: Normalise = layer_norm
    """Normalisation of vectors, given x, gain, bias and ε."""

    deviation: Callable[..., Float[np.ndarray, "*shape"]] = lambda variance, scale, epsilon: np.sqrt(
        (variance + epsilon) / (variance + epsilon / scale**2)
    )
    """The factor √((σ² + ε) / (σ² + ε/α²)) that a scale leaves because of ε, given σ², α and ε."""

    length: Callable[[int], float] = lambda units: np.sqrt(units)
    """‖LN[x]‖ for g = 1, b = 0 and ε = 0, given R."""

    def examine(self) -> Finding:
        """With ε = 0, then with the library's and with one as large as the variance."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((_UNITS, _BATCH)).T
        gain, bias = rng.standard_normal((2, _UNITS))
        scale, shift = rng.uniform(0.1, 10, (_BATCH, 1)), rng.uniform(-3, 3, (_BATCH, 1))
        variance = x.var(axis=1, keepdims=True)
        sizes = abs(gain) * (abs(x) + abs(shift / scale)).max(axis=1, keepdims=True) / np.sqrt(variance)
        sizes = np.square(1 + sizes) + abs(bias)
        count = 2 * _UNITS + 8

        def normalised(x, gain=gain, bias=0 * bias, epsilon=0.0):
            arrays = jnp.asarray(x), jnp.asarray(gain), jnp.asarray(bias)
            return np.asarray(self.normalise(*arrays, epsilon) - bias)

        def difference(epsilon: float) -> float:
            plain = normalised(x, bias=bias, epsilon=epsilon)
            changed = normalised(scale * x + shift, bias=bias, epsilon=epsilon)
            given = self.deviation(variance, scale, epsilon) * plain
            return roundings_apart(changed, given, sizes, count)

        flipped = roundings_apart(normalised(-x), -normalised(x), sizes, count)
        length = np.linalg.norm(normalised(x, np.ones(_UNITS)), axis=1)
        off = abs(length / self.length(_UNITS) - 1).max()
        return Finding(
            within_rounding("ε = 0: LN[α x + β] off LN[x]", difference(0.0)),
            within_rounding("ε = 1e-5: off what is derived", difference(1e-5)),
            within_rounding("ε = 1: off what is derived", difference(1.0)),
            within_rounding("α = −1: LN[−x] + LN[x]", flipped),
            Quantity("‖LN[x]‖ off √R, relative, for g = 1, b = 0, ε = 0", off, highest=2 * count * UNIT),
            panels=[_panel(self.deviation)],
        )


def _panel(deviation: Callable[..., Float[np.ndarray, "*shape"]]) -> Panel:
    """The deviation of a standardised vector against that of its inputs."""
    sigmas, epsilon = np.geomspace(1e-5, 1, 60), 1e-5
    x = np.random.default_rng(1).standard_normal(_UNITS)
    x = sigmas[:, None] * (x - x.mean()) / x.std()
    measured = np.asarray(layer_norm(jnp.asarray(x), jnp.ones(_UNITS), jnp.zeros(_UNITS), epsilon)).std(
        axis=1
    )
    largest = deviation(np.ones(60), sigmas, epsilon) / np.sqrt(1 + epsilon)
    series = [
        Series("measured", sigmas[::3], measured[::3], "marks"),
        Series("σ / √(σ² + ε)", sigmas, largest, "dashed"),
    ]
    return Panel("ε = 1e-5", "σ of the summed inputs", "σ of the output", series, x_scale="log")
