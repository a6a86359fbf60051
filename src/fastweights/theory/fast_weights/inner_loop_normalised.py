"""The inner loop under layer normalisation: how much a step contracts, and when it must converge."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.fast_weights.inner_loops import remembered, settle
from fastweights.theory.fast_weights.layer_norm_jacobian import EPSILON
from fastweights.theory.rounding import UNIT

Array = np.ndarray
Vector = Float[Array, " units"]

_UNITS, _MAX_STEPS = 12, 12
_NORMS = (0.05, 0.3, 1.0, 10.0)


@register_check(
    "inner-loop-normalised", source="Ba et al. 2016, equation 5; the bound is derived in the chapter"
)
class InnerLoopNormalised(Check):
    """h ← f(LN[u + A h]) brings h and h′ nearer by max |g| ‖H A‖ / s, with H = I − 1 1ᵀ/R and s the least
    √(σ² + ε) of the sums between them. With ρ = √R max |g| + ‖b‖, which no state exceeds, the loop settles if
    L = max |g| ‖H A‖ / (σ(u) − ‖H A‖ ρ / √R) lies in (0, 1), and then at the rate L.

    Two states differ by their rounding, too: 10 (R + 4) of it, relative to ρ, multiplied by max |g| ‖A‖ / s.
    """

    statement = "Normalised, the inner loop contracts by max |g| ‖H A‖ / s, however large h is."

    gain: Callable[[Vector], float] = lambda gain: abs(gain).max()
    """The factor of a change in the normalisation, before it is divided by s."""

    def examine(self) -> Finding:
        """From memories so weak that the loop must converge to ones so strong that nothing guarantees it."""
        rng = np.random.default_rng(0)
        matrices = np.array(_NORMS)[:, None, None] * remembered(rng, _UNITS, 5)
        inputs = np.tile(rng.standard_normal(_UNITS), (len(_NORMS), 1))
        gain, bias = 1 + 0.3 * rng.standard_normal(_UNITS), 0.2 * rng.standard_normal(_UNITS)
        options = [FastWeightsOptions(inner_steps=steps) for steps in range(_MAX_STEPS + 1)]
        states = settle(options, matrices, inputs, gain, bias)

        radius = np.sqrt(_UNITS) * abs(gain).max() + np.linalg.norm(bias)
        local, everywhere, series = [], [], []
        for norm, matrix, summed, path in zip(
            _NORMS, matrices, inputs, np.moveaxis(states, 1, 0), strict=True
        ):
            centred = np.linalg.norm(matrix - matrix.mean(axis=0), 2)
            pull = self.gain(gain) * centred
            moves = np.linalg.norm(np.diff(path, axis=0), axis=1)
            least = [_least_deviation(summed + matrix @ a, summed + matrix @ b) for a, b in pairwise(path)]
            noise = 10 * (_UNITS + 4) * UNIT * radius * (1 + np.linalg.norm(matrix, 2) / min(least))
            local.append((moves[1:] / (pull / np.array(least)[:-1] * moves[:-1] + noise)).max())
            room = np.std(summed) - centred * radius / np.sqrt(_UNITS)
            if 0 < pull < room:
                # From h_1 on, the states are inside the ball of that radius.
                everywhere.append((moves[2:] / (pull / room * moves[1:-1] + noise)).max())
            steps = np.arange(1, _MAX_STEPS + 1)
            series.append(Series(f"‖A‖ = {norm:g}", steps, np.maximum(moves, 1e-17)))
        largest, applies = np.linalg.norm(states[1:], axis=-1).max() / radius, len(everywhere)
        return Finding(
            Quantity("largest move / (max |g| ‖H A‖ / s · the move before)", max(local), highest=1),
            Quantity("memories for which L < 1", applies, 1, len(_NORMS) - 1),
            Quantity(
                "for these, largest move / (L · the move before)", max(everywhere, default=0.0), highest=1
            ),
            Quantity("largest ‖h_s‖ / (√R max |g| + ‖b‖)", largest, highest=1 + 100 * UNIT),
            panels=[Panel("With layer normalisation", "s", "‖h_s − h_(s−1)‖", series, y_scale="log")],
        )


def _least_deviation(first: Vector, second: Vector) -> float:
    """The least √(σ² + ε) on the line from one vector to another, where σ² is a parabola."""
    start, way = first - first.mean(), second - second.mean() - (first - first.mean())
    length = float(way @ way)
    at = np.clip(-float(start @ way) / length, 0, 1) if length else 0.0
    return float(np.sqrt(np.mean((start + at * way) ** 2) + EPSILON))
