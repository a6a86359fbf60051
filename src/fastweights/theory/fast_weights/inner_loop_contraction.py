"""When the inner loop settles: below ‖A‖ = 1 always, above it never, without normalisation."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.memories import DecayingMatrix
from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.fast_weights.inner_loops import rectified, remembered, settle
from fastweights.theory.plot import Panel, Series
from fastweights.theory.rounding import UNIT, roundings_apart

Array = np.ndarray
Matrix = Float[Array, "units units"]
Vector = Float[Array, " units"]

_UNITS = 8
_NORMS = (0.5, 0.9, 0.99, 1.1)
_STEPS = (0, 1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 60)
_DECAY, _RATE = 0.9, 0.5


def spectral_norm(matrix: Matrix) -> float:
    """‖A‖, the largest singular value."""
    return float(np.linalg.norm(matrix, 2))


def where_all_are_on(matrix: Matrix, summed: Vector) -> Vector:
    """(I − A)^(−1) u."""
    return np.linalg.solve(np.eye(len(matrix)) - matrix, summed)


@register_check(
    "inner-loop-contraction", source="Banach 1922, Fund. Math. 3:133; for Ba et al. 2016, equation 2"
)
class InnerLoopContraction(Check):
    """h ← f(u + A h) has one fixed point if ‖A‖ < 1, and comes closer by ‖A‖ in every step, at least; where
    all units are on it is (I − A)^(−1) u. If ‖A‖ ≥ 1 and u has a positive part v of A's first eigenvector v,
    vᵀ h_S ≥ vᵀ u (1 + ‖A‖ + … + ‖A‖^S). And ‖A(t)‖ ≤ η Σ_τ λ^(t−τ) ‖h(τ)‖², with equality for parallel h.

    A distance is known to 2 (S + 1)(R + 2) roundings of the fixed point's size, divided by 1 − ‖A‖ for those
    that earlier errors have grown to.
    """

    statement = "Without normalisation the inner loop settles if ‖A‖ < 1, at that rate."

    rate: Callable[[Matrix], float] = spectral_norm
    """What a distance shrinks by in a step."""

    fixed_point: Callable[[Matrix, Vector], Vector] = where_all_are_on
    """Where the loop ends if all units stay on."""

    def examine(self) -> Finding:
        """With inputs that leave some units off, with positive ones, and above the threshold."""
        rng = np.random.default_rng(0)
        matrices = np.array(_NORMS)[:, None, None] * remembered(rng, _UNITS, 5)
        mixed = np.tile(rng.standard_normal(_UNITS), (len(_NORMS), 1))
        positive = abs(mixed)
        options = [FastWeightsOptions(inner_steps=steps, norm="none") for steps in _STEPS]
        from_mixed, from_positive = settle(options, matrices, mixed), settle(options, matrices, positive)

        closing, unique = 0.0, 0.0
        curves = []
        for matrix, summed, states in zip(matrices[:-1], mixed, np.moveaxis(from_mixed, 1, 0), strict=False):
            rate, starts = self.rate(matrix), rng.uniform(0, 5, (_UNITS, 6))
            ends = _iterate(matrix, summed, starts, 6000)
            point = ends[:, 0]
            error = _rounding(point) / (1 - spectral_norm(matrix))
            distances = np.linalg.norm(states - point, axis=1)
            bounds = rate ** np.array(_STEPS) * distances[0] + error
            closing = max(closing, float((distances / bounds).max()))
            unique = max(unique, float(abs(ends - point[:, None]).max()) / error)
            curves.append((distances, bounds))

        linear = 0.0
        for matrix, summed, state in zip(matrices[:1], positive, from_positive[-1], strict=False):
            exact = self.fixed_point(matrix, summed)
            sizes = where_all_are_on(matrix, summed)
            count = int(2 * (_STEPS[-1] + 1) * (_UNITS + 2) / (1 - spectral_norm(matrix)))
            linear = roundings_apart(state, exact, sizes, count)

        first = np.linalg.eigh(matrices[-1])[1][:, -1]
        first *= np.sign(first.sum())
        series = np.cumsum(_NORMS[-1] ** np.arange(_STEPS[-1] + 1))[list(_STEPS)]
        growth = float((from_positive[:, -1] @ first / (first @ positive[-1] * series)).min())
        generic, parallel = _memory_norms(rng)
        return Finding(
            (
                Quantity("largest distance to the fixed point / (‖A‖^S · first)", closing, highest=1.0),
                Quantity("ends from six starts apart, in rounding errors", unique, highest=1.0),
                Quantity("all units on: off (I − A)⁻¹ u, in rounding errors", linear, highest=1.0),
                Quantity("‖A‖ = 1.1: smallest vᵀ h_S / its bound", growth, lowest=1 - 1000 * UNIT),
                Quantity("‖A(t)‖ / (η Σ λ^age ‖h‖²)", generic, highest=1 + 1000 * UNIT),
                Quantity(
                    "the same for parallel states", parallel, lowest=1 - 1000 * UNIT, highest=1 + 1000 * UNIT
                ),
            ),
            _panels(curves, from_positive[:, -1]),
        )


def _iterate(matrix: Matrix, summed: Vector, states: Float[Array, "units starts"], steps: int) -> Array:
    for _ in range(steps):
        states = rectified(summed[:, None] + matrix @ states)
    return states


def _rounding(point: Vector) -> float:
    return 2 * (_STEPS[-1] + 1) * (_UNITS + 2) * UNIT * float(np.linalg.norm(point) + 1)


def _memory_norms(rng: np.random.Generator) -> tuple[float, float]:
    """‖A(t)‖ over its bound, for random states and for parallel ones, after ten writes."""
    random = rectified(rng.standard_normal((10, _UNITS)))
    line = rng.uniform(0.5, 2, (10, 1)) * random[0]
    memory = DecayingMatrix.empty(_UNITS, _UNITS, 2, jnp.asarray(_DECAY), jnp.asarray(_RATE))
    for states in np.stack([random, line], axis=-1):
        memory = memory.write(jnp.asarray(states), jnp.asarray(states))
    weights = _RATE * _DECAY ** np.arange(9, -1, -1)
    bounds = [float(weights @ np.sum(states**2, axis=1)) for states in (random, line)]
    norms = [spectral_norm(np.asarray(memory.matrix)[..., column]) for column in range(2)]
    return norms[0] / bounds[0], norms[1] / bounds[1]


def _panels(curves: list[tuple[Array, Array]], diverging: Array) -> list[Panel]:
    series = []
    for norm, (distances, bounds) in zip(_NORMS, curves, strict=False):
        name = f"‖A‖ = {norm:g}"
        series += [Series(name, _STEPS, distances, "marks"), Series("", _STEPS, bounds, "dashed", group=name)]
    growing = [Series(f"‖A‖ = {_NORMS[-1]:g}", _STEPS, np.linalg.norm(diverging, axis=1), "marks")]
    return [
        Panel("Below 1", "S", "‖h_S − h*‖; dashed: bound", series, y_scale="log"),
        Panel("Above 1", "S", "‖h_S‖", growing, y_scale="log"),
    ]
