"""The inner loop under layer normalisation: how much a step contracts, and when it must settle."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.fast_weights.inner_loops import remembered, settle
from fastweights.theory.fast_weights.layer_norm_jacobian import EPSILON
from fastweights.theory.plot import Panel, Series
from fastweights.theory.rounding import UNIT

Array = np.ndarray
Vector = Float[Array, " units"]

_UNITS, _MOST = 12, 12
_NORMS = (0.05, 0.3, 1.0, 10.0)


def largest_gain(gain: Vector) -> float:
    """max |g|."""
    return float(abs(gain).max())


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

    gain: Callable[[Vector], float] = largest_gain
    """What the normalisation multiplies a change by, before it is divided by s."""

    def examine(self) -> Finding:
        """From memories so weak that the loop must settle to ones so strong that nothing says it does."""
        rng = np.random.default_rng(0)
        matrices = np.array(_NORMS)[:, None, None] * remembered(rng, _UNITS, 5)
        inputs = np.tile(rng.standard_normal(_UNITS), (len(_NORMS), 1))
        gain, bias = 1 + 0.3 * rng.standard_normal(_UNITS), 0.2 * rng.standard_normal(_UNITS)
        options = [FastWeightsOptions(inner_steps=steps) for steps in range(_MOST + 1)]
        states = settle(options, matrices, inputs, gain, bias)

        radius = np.sqrt(_UNITS) * largest_gain(gain) + float(np.linalg.norm(bias))
        local, everywhere, applies = 0.0, 0.0, 0
        for matrix, summed, path in zip(matrices, inputs, np.moveaxis(states, 1, 0), strict=True):
            centred = matrix - matrix.mean(axis=0)
            pull = self.gain(gain) * float(np.linalg.norm(centred, 2))
            moves = np.linalg.norm(np.diff(path, axis=0), axis=1)
            least = [_least_deviation(summed + matrix @ a, summed + matrix @ b) for a, b in pairwise(path)]
            noise = 10 * (_UNITS + 4) * UNIT * radius * (1 + np.linalg.norm(matrix, 2) / min(least))
            bounds = pull / np.array(least)[:-1] * moves[:-1] + noise
            local = max(local, float((moves[1:] / bounds).max()))
            room = float(np.std(summed)) - float(np.linalg.norm(centred, 2)) * radius / np.sqrt(_UNITS)
            if 0 < pull < room:
                applies += 1
                # From h_1 on, the states are inside the ball of that radius.
                everywhere = max(everywhere, float((moves[2:] / (pull / room * moves[1:-1] + noise)).max()))
        largest = float(np.linalg.norm(states[1:], axis=-1).max()) / radius
        return Finding(
            (
                Quantity("largest move / (max |g| ‖H A‖ / s · the move before)", local, highest=1.0),
                Quantity("memories for which L < 1", applies, lowest=1.0, highest=len(_NORMS) - 1.0),
                Quantity("for these, largest move / (L · the move before)", everywhere, highest=1.0),
                Quantity("largest ‖h_s‖ / (√R max |g| + ‖b‖)", largest, highest=1 + 100 * UNIT),
            ),
            _panels(states),
        )


def _least_deviation(first: Vector, second: Vector) -> float:
    """The least √(σ² + ε) on the way from one vector to another, where σ² is a parabola."""
    start, way = first - first.mean(), second - second.mean() - (first - first.mean())
    length = float(way @ way)
    at = np.clip(-float(start @ way) / length, 0, 1) if length else 0.0
    return float(np.sqrt(np.mean((start + at * way) ** 2) + EPSILON))


def _panels(states: Float[Array, "steps columns units"]) -> list[Panel]:
    moves = np.linalg.norm(np.diff(states, axis=0), axis=-1)
    series = [
        Series(f"‖A‖ = {norm:g}", np.arange(1, _MOST + 1), np.maximum(move, 1e-17))
        for norm, move in zip(_NORMS, moves.T, strict=True)
    ]
    return [Panel("With layer normalisation", "s", "‖h_s − h_(s−1)‖", series, y_scale="log")]
