"""How near one update of the softmax network comes to the pattern that is asked for."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories import SoftmaxHopfield
from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.plot import Panel, Series

_UNITS, _PAIRS, _UPDATES = 24, 10, 100
_BETAS = (0.3, 0.5, 0.8)
_DISTANCES = (0.0, 0.2, 0.5)  # of queries from their pattern, as a share of M

Vector = Float[np.ndarray, " patterns"]


def bound(beta: float, separation: Vector, distance: Vector, largest: float, pairs: int) -> Vector:
    """2 M (N − 1) exp(−β (Δ_i − 2 M d)): Ramsauer et al.'s, by Δ_i and the distance d from the pattern."""
    return 2 * largest * (pairs - 1) * np.exp(-beta * (separation - 2 * largest * distance))


def same(beta: float) -> float:
    """The memory's β is the bound's."""
    return beta


@register_check(
    "softmax-hopfield-retrieval", source="Ramsauer et al. 2020, arXiv:2008.02217, theorems 4 and 5"
)
class SoftmaxHopfieldRetrieval(Check):
    """With f(ξ) = K softmax(β Kᵀ ξ), M = max ‖k_n‖ and Δ_i = min_{n≠i} (k_iᵀ k_i − k_iᵀ k_n):

        ‖f(ξ) − k_i‖ <= 2 M (N − 1) exp(−β (Δ_i − 2 M ‖ξ − k_i‖))            for every ξ,
        ‖k_i* − k_i‖ <= the same with the distance ‖k_i* − k_i‖               for the fixed point k_i*,
        ‖f(ξ) − k_i*‖ <= β N M × the first with the larger of both distances × ‖ξ − k_i*‖.

    All are inequalities, without tolerance; they are looked at where the right side is above 10⁻¹⁰, and so
    the left one, if it should be larger, far above rounding. The first is an equality in the limit for two
    opposite keys, where the ratio is 1/(1 + e^(−β Δ))."""

    statement = "One update of the softmax network errs by at most 2 M (N − 1) exp(−β (Δ − 2 M ‖ξ − k‖))."

    bound: Callable[[float, Vector, Vector, float, int], Vector] = bound
    """The bound by β, Δ, distance, M and N."""

    temperature: Callable[[float], float] = same
    """The memory's inverse temperature, by that of the bound."""

    def examine(self) -> Finding:
        """Ten random patterns and queries about them; two opposite keys."""
        rng = np.random.default_rng(0)
        keys = rng.standard_normal((_UNITS, _PAIRS))
        largest = float(np.max(np.linalg.norm(keys, axis=0)))
        overlaps = keys.T @ keys
        others = overlaps + np.where(np.eye(_PAIRS), -np.inf, 0)
        separation = np.diag(overlaps) - others.max(1)
        ratios = np.zeros(3)
        for beta in _BETAS:
            memory = _holding(keys, self.temperature(beta))
            fixed = np.asarray(_settled(memory, jnp.asarray(keys)))
            off = np.linalg.norm(fixed - keys, axis=0)
            ratios[1] = max(ratios[1], _ratio(off, self.bound(beta, separation, off, largest, _PAIRS)))
            for share in _DISTANCES:
                direction = rng.standard_normal((_UNITS, _PAIRS))
                query = keys + share * largest * direction / np.linalg.norm(direction, axis=0)
                answer = np.asarray(memory.update(jnp.asarray(query)))
                error = np.linalg.norm(answer - keys, axis=0)
                away = np.full(_PAIRS, share * largest)
                first = self.bound(beta, separation, away, largest, _PAIRS)
                ratios[0] = max(ratios[0], _ratio(error, first))
                slope = (
                    beta
                    * _PAIRS
                    * largest
                    * self.bound(beta, separation, np.maximum(away, off), largest, _PAIRS)
                )
                gap, start = np.linalg.norm(answer - fixed, axis=0), np.linalg.norm(query - fixed, axis=0)
                ratios[2] = max(ratios[2], _ratio(gap, slope * start))
        tight, expected = self._opposite()
        return Finding(
            (
                Quantity("‖f(ξ) − k‖ / bound, largest", ratios[0], highest=1.0),
                Quantity("‖k* − k‖ / bound, largest", ratios[1], highest=1.0),
                Quantity("‖f(ξ) − k*‖ / bound, largest", ratios[2], highest=1.0),
                Quantity("two opposite keys: ratio − 1/(1 + e^(−β Δ))", tight - expected, -1e-12, 1e-12),
            ),
            self._panels(),
        )

    def _opposite(self) -> tuple[float, float]:
        """‖f(k) − k‖ over its bound for the keys k and −k, and what it should be; rounding is some 10⁻¹⁵
        here, as β Δ = 4."""
        key = np.array([[0.5], [0.5], [0.5], [0.5]])  # of length 1, so that Δ = 2
        memory = _holding(np.hstack([key, -key]), self.temperature(2.0))
        error = float(np.linalg.norm(np.asarray(memory.update(jnp.asarray(key))) - key))
        highest = self.bound(2.0, np.array([2.0]), np.zeros(1), 1.0, 2)
        return error / float(highest[0]), 1 / (1 + np.exp(-4.0))

    def _panels(self) -> list[Panel]:
        """Error of one update from the pattern itself against β Δ, for patterns of many separations."""
        rng = np.random.default_rng(1)
        keys = rng.standard_normal((_UNITS, _PAIRS))
        keys *= np.sqrt(_UNITS) / np.linalg.norm(keys, axis=0)
        overlaps = keys.T @ keys
        separation = _UNITS - (overlaps + np.where(np.eye(_PAIRS), -np.inf, 0)).max(1)
        points = []
        for beta in (0.1, 0.2, 0.4, 0.8):
            memory = _holding(keys, self.temperature(beta))
            errors = np.linalg.norm(np.asarray(memory.update(jnp.asarray(keys))) - keys, axis=0)
            theory = self.bound(beta, separation, np.zeros(_PAIRS), float(np.sqrt(_UNITS)), _PAIRS)
            points.append((beta * separation, errors, theory))
        x, y, theory = np.concatenate(points, axis=1)
        order = np.argsort(x)
        series = (
            Series("‖f(k) − k‖", x, y, "marks"),
            Series("2 M (N − 1) e^(−β Δ)", x[order], theory[order], "dashed"),
        )
        panel = Panel("One update, N = 10, d = 24", "β Δ", "error", series, y_scale="log")
        return [panel]


def _ratio(error: Vector, highest: Vector) -> float:
    """The largest share of its bound that an error takes, where that is above rounding."""
    return float(np.max(np.where(highest > 1e-10, error / highest, 0)))


def _holding(keys: Float[np.ndarray, "units pairs"], beta: float) -> SoftmaxHopfield:
    """The memory of patterns that are columns, each its own value."""
    patterns = jnp.asarray(keys.T[..., None])
    return SoftmaxHopfield(patterns, patterns, jnp.asarray(beta))


@jax.jit
def _settled(memory: SoftmaxHopfield, states: Array) -> Array:
    return jax.lax.fori_loop(0, _UPDATES, lambda _, state: memory.update(state), states)
