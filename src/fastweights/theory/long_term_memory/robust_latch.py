"""One unit that keeps a bit against noise, and the gradient that it costs."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import outputs, run_once, simple_cell

_WEIGHTS, _NEAR, _LONG, _STEPS = (1.25, 1.5, 2.0, 3.0), 1e-3, 4000, 20


def border(weight: float) -> float:
    """√(1 − 1/w): the state at which the slope w (1 − h²) is 1."""
    return math.sqrt(1 - 1 / weight)


def margin(weight: float) -> float:
    """w √(1 − 1/w) − artanh √(1 − 1/w): the largest input that never turns the bit."""
    return weight * math.sqrt(1 - 1 / weight) - math.atanh(math.sqrt(1 - 1 / weight))


def slope(weight: float, state: float) -> float:
    """w (1 − h²): by how much a step multiplies a gradient."""
    return weight * (1 - state**2)


@register_check(
    "robust-latch",
    source="Bengio, Simard & Frasconi 1994, on latching, from memory; this project for the margin",
)
class RobustLatch(Check):
    """h(t) = tanh(w h(t−1) + x(t)) with w > 1: from h ≥ √(1 − 1/w), no inputs of at most
    w √(1 − 1/w) − artanh √(1 − 1/w) in size bring it lower, whatever they are and for however long; and
    where they can't, the slope is at most 1. A constant input a thousandth larger turns the bit: so the
    margin is the largest. At rest the gradient falls by w (1 − h*²) < 1 a step.

    The constant input is a thousandth below or above the margin; below it the state comes to rest, near the
    border: within 5 % of it, as the distance is √(2 · 10⁻³ · margin / curvature). A gradient over 20
    steps is compared to 10⁻¹⁰.
    """

    statement = "A unit that keeps a bit against inputs of a given size forgets gradients exponentially."
    has_figure = True

    border: Callable[[float], float] = border
    """The lowest state that is safe, given w."""

    margin: Callable[[float], float] = margin
    """The largest input that never turns the bit, given w."""

    slope: Callable[[float, float], float] = slope
    """Of a step, given w and h."""

    def examine(self) -> Finding:
        """Four weights; inputs against the bit, just too small and just large enough."""
        lowest, turned, off, series, paths = [], [], [], [], []
        for weight in _WEIGHTS:
            unit = simple_cell("standard-rnn", np.full((1, 1), weight), np.ones((1, 1)), np.zeros(1))
            sizes = -self.margin(weight) * np.array([1 - _NEAR, 1 + _NEAR])
            first = math.atanh(0.99)  # the bit is written: h(1) = 0.99
            inputs = np.repeat(sizes[:, None], _LONG, axis=1)[..., None]
            inputs[:, 0] = first
            kept, lost = outputs(unit, inputs)[..., 0]
            lowest.append(kept.min() / self.border(weight))
            turned.append(lost[-1])
            rest = np.zeros((_LONG, 1))
            rest[0] = first
            state = float(outputs(unit, rest[None])[0, -1, 0])
            gradient = _gradient(unit, state)
            off.append(abs(gradient / self.slope(weight, state) ** _STEPS - 1))
            name = f"w = {weight:g}"
            series.append(
                Series(name, np.arange(_STEPS + 1), slope(weight, state) ** np.arange(_STEPS + 1.0))
            )
            paths.append(Series(name, np.arange(150), kept[:150]))
            paths.append(Series("", np.arange(150), lost[:150], "dashed", group=name))
        return Finding(
            Quantity("lowest state under the largest input, over the border: least", min(lowest), lowest=1),
            Quantity("the same: most", max(lowest), highest=1.05),
            Quantity("last state under a larger input: most", max(turned), highest=0),
            Quantity("gradient over 20 steps against the slope's power, off by", max(off), highest=1e-10),
            panels=[
                Panel("A bit under a constant input against it", "steps", "h", paths),
                Panel("Its gradient, at rest", "steps", "∂h(t)/∂h(0)", series, y_scale="log"),
            ],
        )


@run_once
def _gradient(unit, state):
    def after(start):
        inputs = jnp.zeros((_STEPS, 1))
        return unit.unroll_in_jax(inputs, start)[0][-1, 0]

    return jax.grad(after)(jnp.full(1, state))[0]
