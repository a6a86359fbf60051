"""How long a linear unit keeps a number among noise."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import run_once, simple_cell

_WEIGHTS, _STEPS, _DEVIATION = (0.9, 1.0, 1.1), 200, 0.2


def ratio(weight: float, steps: int, deviation: float) -> float:
    """1 / (σ² Σ_{i=1}^t w^−2i): squared signal over the variance of the noise."""
    return 1 / (deviation**2 * sum(weight ** (-2.0 * i) for i in range(1, steps + 1)))


def limit(weight: float, deviation: float) -> float:
    """(w² − 1) / σ²: what it tends to, for w > 1."""
    return (weight**2 - 1) / deviation**2


@register_check(
    "noisy-integrator", source="this project; Hochreiter & Schmidhuber 1997, section 3, for the unit"
)
class NoisyIntegrator(Check):
    """h(t) = w h(t−1) + ξ(t) from h(0) = 1, with independent noise of variance σ²: the squared signal over
    the variance is 1/(σ² Σ_{i≤t} w^−2i). That is 1/(t σ²) at w = 1; it falls exponentially for w < 1, and
    tends to (w² − 1)/σ² for w > 1.

    Signal and variance are made of the library's responses to a start of 1 and to an impulse at each step,
    which are positive, so that an IRNN is the unit; relative errors of 10⁻¹² are rounding. At 1.1, 200 steps
    are within 10⁻¹² of the limit.
    """

    statement = (
        "A linear unit of weight 1 keeps a number among noise for 1/σ² steps; forgetting doesn't help."
    )
    has_figure = True

    ratio: Callable[[float, int, float], float] = ratio
    """Squared signal over variance, given w, t and σ."""

    limit: Callable[[float, float], float] = limit
    """Of that for w > 1, given w and σ."""

    def examine(self) -> Finding:
        """Three weights, 200 steps."""
        times = np.arange(1, _STEPS + 1)
        off, series, last = [], [], 0.0
        for weight in _WEIGHTS:
            measured = _measured(weight)
            derived = np.array([self.ratio(weight, int(t), _DEVIATION) for t in times])
            off.append(abs(measured / derived - 1).max())
            series.append(Series(f"w = {weight:g}", times, measured))
            last = measured[-1]
        return Finding(
            Quantity("ratio against 1/(σ² Σ w^−2i), off by", max(off), highest=1e-12),
            Quantity(
                "w = 1.1 after 200 steps, off the limit by",
                last / self.limit(1.1, _DEVIATION) - 1,
                -1e-12,
                1e-12,
            ),
            panels=[
                Panel(
                    "A number of size 1 among noise, σ = 0.2",
                    "t",
                    "signal² / variance",
                    series,
                    y_scale="log",
                )
            ],
        )


def _measured(weight: float) -> Float[np.ndarray, " time"]:
    """The ratio after each step. An impulse at step j is, t − j steps later, what one at step 1 is after
    1 + t − j steps."""
    unit = simple_cell("irnn", np.full((1, 1), weight), np.ones((1, 1)), np.zeros(1))
    signal, impulse = _responses(unit)
    return signal**2 / (_DEVIATION**2 * np.cumsum(impulse**2))


@run_once
def _responses(unit):
    silent = jnp.zeros((_STEPS, 1))
    start = unit.unroll_in_jax(silent, jnp.ones(1))[0][:, 0]
    impulse = unit.unroll_in_jax(silent.at[0].set(1.0))[0][:, 0]
    return start, impulse
