"""When the inner loop converges: without normalisation below ‖A‖ = 1 always, above it never."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.memories import DecayingMatrix
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.fast_weights.inner_loops import remembered, settle
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

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


def series(norm: float, steps: np.ndarray) -> np.ndarray:
    """1 + ‖A‖ + … + ‖A‖^S = (‖A‖^(S+1) − 1)/(‖A‖ − 1), given ‖A‖ and S."""
    return (norm ** (steps + 1) - 1) / (norm - 1)


def largest(rate: float, decay: float, squares: Float[Array, "states *cases"]) -> Array:
    """η Σ_τ λ^(t−τ) ‖h(τ)‖², given η, λ and the squared norms, the newest last."""
    return rate * decay ** np.arange(len(squares))[::-1] @ squares


@register_check(
    "inner-loop-contraction", source="Banach 1922, Fund. Math. 3:133; for Ba et al. 2016, equation 2"
)
class InnerLoopContraction(Check):
    """h ← f(u + A h) has one fixed point if ‖A‖ < 1, and every step brings it closer by a factor of at
    most ‖A‖; where all units are active it is (I − A)^(−1) u. If ‖A‖ ≥ 1 and u has a positive component
    along A's leading eigenvector v, vᵀ h_S ≥ vᵀ u (1 + ‖A‖ + … + ‖A‖^S), with equality where all units are
    active. The rate is attained from u = v: there the loop stays on v, and all units stay active. And
    ‖A(t)‖ ≤ η Σ_τ λ^(t−τ) ‖h(τ)‖², with equality for parallel h.

    A distance is known to 2 (S + 1)(R + 2) roundings of the fixed point's size, divided by 1 − ‖A‖ for
    those that earlier errors have grown to.
    """

    statement = "Without normalisation the inner loop converges if ‖A‖ < 1, at that rate."
    has_figure = True

    rate: Callable[[Matrix], float] = spectral_norm
    """The factor of a distance in a step, given A."""

    fixed_point: Callable[[Matrix, Vector], Vector] = lambda matrix, summed: np.linalg.solve(
        np.eye(len(matrix)) - matrix, summed
    )
    """The fixed point if all units stay on, given A and u."""

    series: Callable[[float, np.ndarray], np.ndarray] = series
    """vᵀ h_S over vᵀ u, at least, given ‖A‖ and S."""

    largest: Callable[[float, float, Array], Array] = largest
    """The bound on ‖A(t)‖, given η, λ and the squared norms of the states."""

    def examine(self) -> Finding:
        """With inputs that leave some units off, with positive ones, and above the threshold."""
        rng = np.random.default_rng(0)
        matrices = np.array(_NORMS)[:, None, None] * remembered(rng, _UNITS, 5)
        mixed = np.tile(rng.standard_normal(_UNITS), (len(_NORMS), 1))
        positive = abs(mixed)
        eigenvectors = np.abs(np.linalg.eigh(matrices)[1][:, :, -1])
        options = [FastWeightsOptions(inner_steps=steps, norm="none") for steps in _STEPS]
        from_mixed, from_positive, straight = (
            settle(options, matrices, inputs) for inputs in (mixed, positive, eigenvectors)
        )

        closing, unique, series, attained = [], [], [], []
        for norm, matrix, summed, states in zip(
            _NORMS[:-1], matrices, mixed, np.moveaxis(from_mixed, 1, 0), strict=False
        ):
            starts = rng.uniform(0, 5, (_UNITS, 6))
            ends = _iterate(matrix, summed, starts, 6000)
            point = ends[:, 0]
            error = _rounding(point) / (1 - spectral_norm(matrix))
            distances = np.linalg.norm(states - point, axis=1)
            bounds = self.rate(matrix) ** np.array(_STEPS) * distances[0] + error
            closing.append((distances / bounds).max())
            unique.append(abs(ends - point[:, None]).max() / error)
            name = f"‖A‖ = {norm:g}"
            series += [
                Series(name, _STEPS, distances, "marks"),
                Series("", _STEPS, bounds, "dashed", group=name),
            ]

        for matrix, first, states in zip(
            matrices[:-1], eigenvectors, np.moveaxis(straight, 1, 0), strict=False
        ):
            point = self.fixed_point(matrix, first)
            error = _rounding(point) / (1 - spectral_norm(matrix))
            distances = np.linalg.norm(states - point, axis=1)
            expected = self.rate(matrix) ** np.array(_STEPS) * distances[0]
            attained.append(abs(distances - expected).max() / error)
        matrix, summed = matrices[0], positive[0]
        count = int(2 * (_STEPS[-1] + 1) * (_UNITS + 2) / (1 - spectral_norm(matrix)))
        exact, sizes = self.fixed_point(matrix, summed), InnerLoopContraction.fixed_point(matrix, summed)
        linear = roundings_apart(from_positive[-1, 0], exact, sizes, count)

        first = np.linalg.eigh(matrices[-1])[1][:, -1]
        first *= np.sign(first.sum())
        sums = self.series(_NORMS[-1], np.array(_STEPS))
        diverging = from_positive[:, -1]
        equal = diverging @ first / (first @ positive[-1] * sums)
        generic, parallel = self._memory_norms(rng)
        growing = [Series(f"‖A‖ = {_NORMS[-1]:g}", _STEPS, np.linalg.norm(diverging, axis=1), "marks")]
        rounding = 1000 * UNIT
        return Finding(
            Quantity("largest distance to the fixed point / (‖A‖^S · first)", max(closing), highest=1),
            within_rounding("ends from six starts apart", *unique),
            within_rounding("all units active: off (I − A)⁻¹ u", linear),
            within_rounding("u the leading eigenvector: distances off ‖A‖^S · first", *attained),
            Quantity(
                "‖A‖ = 1.1, all units active: smallest vᵀ h_S / its bound", equal.min(), lowest=1 - rounding
            ),
            Quantity("‖A‖ = 1.1, all units active: largest", equal.max(), highest=1 + rounding),
            Quantity("‖A(t)‖ / (η Σ λ^age ‖h‖²)", generic, highest=1 + rounding),
            Quantity.near("the same for parallel states", parallel, 1, rounding),
            panels=[
                Panel("Below 1", "S", "‖h_S − h*‖; dashed: bound", series, y_scale="log"),
                Panel("Above 1", "S", "‖h_S‖", growing, y_scale="log"),
            ],
        )

    def _memory_norms(self, rng: np.random.Generator) -> tuple[float, float]:
        """‖A(t)‖ over its bound, for random states and for parallel ones, after ten writes."""
        random = np.maximum(rng.standard_normal((10, _UNITS)), 0)
        line = rng.uniform(0.5, 2, (10, 1)) * random[0]
        states = np.stack([random, line], axis=1)
        written = jnp.asarray(states)
        memory = DecayingMatrix.empty(_UNITS, _UNITS, _DECAY, _RATE).store(written, written)
        bounds = self.largest(_RATE, _DECAY, np.sum(states**2, axis=-1))
        generic, parallel = np.linalg.norm(memory.matrix, 2, (-2, -1)) / bounds
        return generic, parallel


def _iterate(matrix: Matrix, summed: Vector, states: Float[Array, "units starts"], steps: int) -> Array:
    for _ in range(steps):
        states = np.maximum(summed[:, None] + matrix @ states, 0)
    return states


def _rounding(point: Vector) -> float:
    return 2 * (_STEPS[-1] + 1) * (_UNITS + 2) * UNIT * float(np.linalg.norm(point) + 1)
