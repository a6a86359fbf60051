"""The error of one update of the softmax network as retrieval of a pattern."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories import SoftmaxHopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.samples import on_sphere

_PAIRS, _UNITS, _UPDATES = 10, 24, 100
_BETAS = (0.3, 0.5, 0.8)
_DISTANCES = (0.0, 0.2, 0.5)  # of queries from their pattern, as a share of M

Vector = Float[np.ndarray, " patterns"]


def bound(beta: float, separation: Vector, distance: Vector, largest: float, pairs: int) -> Vector:
    """2 M (N − 1) exp(−β (Δ_i − 2 M d)) of Ramsauer et al., given Δ_i and the distance d from the pattern."""
    return 2 * largest * (pairs - 1) * np.exp(-beta * (separation - 2 * largest * distance))


@register_check(
    "softmax-hopfield-retrieval", source="Ramsauer et al. 2020, arXiv:2008.02217, theorems 4 and 5"
)
class SoftmaxHopfieldRetrieval(Check):
    """With f(ξ) = K softmax(β Kᵀ ξ), M = max ‖k_n‖ and Δ_i = min_{n≠i} (k_iᵀ k_i − k_iᵀ k_n):

        ‖f(ξ) − k_i‖ <= 2 M (N − 1) exp(−β (Δ_i − 2 M ‖ξ − k_i‖))            for every ξ,
        ‖k_i* − k_i‖ <= the same with the distance ‖k_i* − k_i‖               for the fixed point k_i*,
        ‖f(ξ) − k_i*‖ <= β N M × the first with the larger of both distances × ‖ξ − k_i*‖.

    All are inequalities, without tolerance; they are compared where the right side is above 10⁻¹⁰, so that a
    larger left side would be far above rounding. The first is an equality in the limit for two
    opposite keys, where the ratio is 1/(1 + e^(−β Δ))."""

    statement = "One update of the softmax network errs by at most 2 M (N − 1) exp(−β (Δ − 2 M ‖ξ − k‖))."

    bound: Callable[[float, Vector, Vector, float, int], Vector] = bound
    """The bound, given β, Δ, distance, M and N."""

    temperature: Callable[[float], float] = lambda beta: beta
    """The memory's inverse temperature, given that of the bound."""

    def examine(self) -> Finding:
        """Ten random patterns and queries about them; two opposite keys."""
        rng = np.random.default_rng(0)
        keys = rng.standard_normal((_PAIRS, _UNITS))
        separation = _separation(keys)
        longest = float(np.max(_norms(keys)))
        retrieved, fixed_apart, approached = [], [], []
        for beta in _BETAS:

            def highest(distance, beta=beta):
                return self.bound(beta, separation, distance, longest, _PAIRS)

            memory = _holding(keys, self.temperature(beta))
            fixed = np.asarray(_settled(memory, jnp.asarray(keys)))
            off = _norms(fixed - keys)
            fixed_apart.append(_ratio(off, highest(off)))
            for share in _DISTANCES:
                direction = on_sphere(rng, _PAIRS, _UNITS)
                query = keys + share * longest * direction
                answer = np.asarray(memory.update(jnp.asarray(query)))
                away = np.full(_PAIRS, share * longest)
                retrieved.append(_ratio(_norms(answer - keys), highest(away)))
                slope = beta * _PAIRS * longest * highest(np.maximum(away, off))
                approached.append(_ratio(_norms(answer - fixed), slope * _norms(query - fixed)))
        return Finding(
            Quantity("‖f(ξ) − k‖ / bound, largest", max(retrieved), highest=1),
            Quantity("‖k* − k‖ / bound, largest", max(fixed_apart), highest=1),
            Quantity("‖f(ξ) − k*‖ / bound, largest", max(approached), highest=1),
            self._opposite(),
            panels=[self._panel()],
        )

    def _opposite(self) -> Quantity:
        """‖f(k) − k‖ over its bound for the keys k and −k; rounding is some 10⁻¹⁵ here, as β Δ = 4."""
        key = np.full((1, 4), 0.5)  # of length 1, so that Δ = 2
        memory = _holding(np.vstack([key, -key]), self.temperature(2.0))
        error = np.linalg.norm(memory.update(jnp.asarray(key)) - key)
        highest = self.bound(2.0, np.array([2.0]), np.zeros(1), 1.0, 2)[0]
        difference = error / highest - 1 / (1 + np.exp(-4.0))
        return Quantity.near("two opposite keys: ratio − 1/(1 + e^(−β Δ))", difference, 0, 1e-12)

    def _panel(self) -> Panel:
        """Error of one update from the pattern itself against β Δ, for patterns of many separations."""
        keys = np.sqrt(_UNITS) * on_sphere(np.random.default_rng(1), _PAIRS, _UNITS)
        separation, points = _separation(keys), []
        for beta in (0.1, 0.2, 0.4, 0.8):
            memory = _holding(keys, self.temperature(beta))
            errors = _norms(np.asarray(memory.update(jnp.asarray(keys))) - keys)
            highest = self.bound(beta, separation, np.zeros(_PAIRS), float(np.sqrt(_UNITS)), _PAIRS)
            points.append((beta * separation, errors, highest))
        x, y, highest = np.concatenate(points, axis=1)
        order = np.argsort(x)
        series = (
            Series("‖f(k) − k‖", x, y, "marks"),
            Series("2 M (N − 1) e^(−β Δ)", x[order], highest[order], "dashed"),
        )
        return Panel("One update, N = 10, d = 24", "β Δ", "error", series, y_scale="log")


def _norms(vectors: Float[np.ndarray, "patterns units"]) -> Vector:
    return np.linalg.norm(vectors, axis=1)


def _separation(keys: Float[np.ndarray, "patterns units"]) -> Vector:
    """Δ_i = k_iᵀ k_i − max_{n≠i} k_iᵀ k_n."""
    overlaps = keys @ keys.T
    return np.diag(overlaps) - (overlaps + np.where(np.eye(len(overlaps)), -np.inf, 0)).max(1)


def _ratio(error: Vector, highest: Vector) -> float:
    """The largest ratio of an error to its bound, where the bound is above rounding."""
    return float(np.max(np.where(highest > 1e-10, error / highest, 0)))


def _holding(keys: Float[np.ndarray, "patterns units"], beta: float) -> SoftmaxHopfield:
    """The memory of patterns, each its own value."""
    patterns = jnp.asarray(keys)
    return SoftmaxHopfield(patterns, patterns, jnp.asarray(beta))


@jax.jit
def _settled(memory: SoftmaxHopfield, states: Array) -> Array:
    return jax.lax.fori_loop(0, _UPDATES, lambda _, state: memory.update(state), states)
