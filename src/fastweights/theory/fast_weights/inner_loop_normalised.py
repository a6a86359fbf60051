"""The inner loop under layer normalisation: how much a step contracts, and when it must converge."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.cells.layers import layer_norm
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.fast_weights.inner_loops import remembered, settle
from fastweights.theory.fast_weights.layer_norm_jacobian import deviation, radius
from fastweights.theory.rounding import UNIT

Array = np.ndarray
Vector = Float[Array, " units"]

_UNITS, _MAX_STEPS = 12, 12
_NORMS = (0.05, 0.3, 1.0, 10.0)


def factor(gain: Vector, centred: Any, least: Any) -> Any:
    """max |g| ‖H A‖ / s, given g, ‖H A‖ and s."""
    return abs(gain).max() * centred / least


def room(spread: Any, centred: Any, radius: float, units: int) -> Any:
    """σ(u) − ‖H A‖ ρ / √R: the least deviation of u + A h for ‖h‖ ≤ ρ, given σ(u), ‖H A‖, ρ and R."""
    return spread - centred * radius / np.sqrt(units)


@register_check(
    "inner-loop-normalised", source="Ba et al. 2016, equation 5; the bound is derived in the chapter"
)
class InnerLoopNormalised(Check):
    """h ← f(LN[u + A h]) brings h and h′ nearer by max |g| ‖H A‖ / s, with H = I − 1 1ᵀ/R and s the least
    √(σ² + ε) of the sums between them. With ρ = √R max |g| + ‖b‖, which no state exceeds, the loop
    settles if L = max |g| ‖H A‖ / (σ(u) − ‖H A‖ ρ / √R) lies in (0, 1), and then at the rate L.

    Each of the three bounds that L is made of is attained, though not all by one loop: ρ in the check of
    the Jacobian; the factor where all units are active, gains are equal and A h moves orthogonally to 1 and
    to x̂; the deviation where A h is opposite to u. With other constants, one of these would be missed.

    Two states differ by their rounding, too: 10 (R + 4) of it, relative to ρ, multiplied by max |g| ‖A‖ /
    s.
    """

    statement = "Normalised, the inner loop contracts by max |g| ‖H A‖ / s, however large h is."
    has_figure = True

    factor: Callable[[Vector, Any, Any], Any] = factor
    """The factor of a distance in a step, given g, ‖H A‖ and s."""

    room: Callable[[Any, Any, float, int], Any] = room
    """The least deviation of u + A h, given σ(u), ‖H A‖, ρ and R."""

    def examine(self) -> Finding:
        """From memories so weak that the loop must converge to ones so strong that nothing guarantees
        it."""
        rng = np.random.default_rng(0)
        matrices = np.array(_NORMS)[:, None, None] * remembered(rng, _UNITS, 5)
        inputs = np.tile(rng.standard_normal(_UNITS), (len(_NORMS), 1))
        gain, bias = 1 + 0.3 * rng.standard_normal(_UNITS), 0.2 * rng.standard_normal(_UNITS)
        options = [FastWeightsOptions(inner_steps=steps) for steps in range(_MAX_STEPS + 1)]
        states = settle(options, matrices, inputs, gain, bias)

        most = radius(gain, bias)
        local, everywhere, series = [], [], []
        for norm, matrix, summed, path in zip(
            _NORMS, matrices, inputs, np.moveaxis(states, 1, 0), strict=True
        ):
            centred = np.linalg.norm(matrix - matrix.mean(axis=0), 2)
            moves = np.linalg.norm(np.diff(path, axis=0), axis=1)
            least = [_least_deviation(summed + matrix @ a, summed + matrix @ b) for a, b in pairwise(path)]
            noise = 10 * (_UNITS + 4) * UNIT * most * (1 + np.linalg.norm(matrix, 2) / min(least))
            factors = self.factor(gain, centred, np.array(least)[:-1])
            local.append((moves[1:] / (factors * moves[:-1] + noise)).max())
            room = self.room(float(np.std(summed)), centred, most, _UNITS)
            if room > 0 and (rate := self.factor(gain, centred, room)) < 1:
                # From h_1 on, the states are inside the ball of that radius.
                everywhere.append((moves[2:] / (rate * moves[1:-1] + noise)).max())
            steps = np.arange(1, _MAX_STEPS + 1)
            series.append(Series(f"‖A‖ = {norm:g}", steps, np.maximum(moves, 1e-17)))
        largest, applies = np.linalg.norm(states[1:], axis=-1).max() / most, len(everywhere)
        return Finding(
            Quantity("largest move / (max |g| ‖H A‖ / s · the move before)", max(local), highest=1),
            Quantity("memories for which L < 1", applies, 1, len(_NORMS) - 1),
            Quantity(
                "for these, largest move / (L · the move before)", max(everywhere, default=0.0), highest=1
            ),
            Quantity("largest ‖h_s‖ / (√R max |g| + ‖b‖)", largest, highest=1 + 100 * UNIT),
            *self._attained(),
            panels=[Panel("With layer normalisation", "s", "‖h_s − h_(s−1)‖", series, y_scale="log")],
        )

    def _attained(self) -> tuple[Quantity, Quantity]:
        """The factor and the least deviation, over their bounds."""
        first, second = np.sqrt(_UNITS / 2) * np.linalg.qr(np.eye(_UNITS, 3) - 1 / _UNITS)[0].T[:2]
        way, state = np.arange(1.0, _UNITS + 1), np.full(_UNITS, 0.8)
        way /= np.linalg.norm(way)
        gain, bias, shift = np.full(_UNITS, 1.5), np.full(_UNITS, 40.0), 0.7 * second / np.linalg.norm(second)

        def step(h):
            summed = 3 * first + jnp.asarray(np.outer(shift, way)) @ (h - state)
            return jnp.maximum(layer_norm(summed, jnp.asarray(gain), jnp.asarray(bias)), 0)

        moved = np.linalg.norm(jax.jvp(step, (jnp.asarray(state),), (jnp.asarray(way),))[1])
        ratio = moved / self.factor(gain, 0.7, deviation(3 * first))
        across = np.outer(shift, np.ones(_UNITS)) / np.sqrt(_UNITS)
        length = float(np.linalg.norm(state))
        against = -5 * shift
        room = self.room(float(np.std(against)), 0.7, length, _UNITS)
        rounding = 100 * _UNITS * UNIT
        return (
            Quantity.near("a move orthogonal to 1 and x̂ / max |g| ‖H A‖ / s", ratio, 1, rounding),
            Quantity.near(
                "A h opposite to u: σ(u + A h) / its bound",
                np.std(against + across @ state) / room,
                1,
                rounding,
            ),
        )


def _least_deviation(first: Vector, second: Vector) -> float:
    """The least √(σ² + ε) on the line from one vector to another, where σ² is a parabola."""
    start, way = first - first.mean(), second - second.mean() - (first - first.mean())
    length = float(way @ way)
    at = np.clip(-float(start @ way) / length, 0, 1) if length else 0.0
    return deviation(start + at * way)
