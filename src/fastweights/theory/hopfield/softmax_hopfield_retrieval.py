"""The error of one update of the softmax network as retrieval of a pattern."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import ArrayLike, Float

from fastweights.memories import SoftmaxHopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import roundings_apart, within_rounding
from fastweights.theory.samples import on_sphere

_PAIRS, _UNITS, _UPDATES = 10, 24, 100
_BETAS = (0.3, 0.5, 0.8)
_DISTANCES = (0.0, 0.2, 0.5)  # of queries from their pattern, as a share of M

Numbers = Any
"""A number or an array."""


def bound(beta: Any, separation: Numbers, distance: Numbers, largest: float, pairs: int) -> Numbers:
    """2 M (N − 1) exp(−β (Δ_i − 2 M d)) of Ramsauer et al., given Δ_i and the distance d from the
    pattern."""
    return 2 * largest * (pairs - 1) * np.exp(-beta * (separation - 2 * largest * distance))


def slope(beta: Any, longest: float, pairs: int, error: Numbers) -> Numbers:
    """β N M times the bound on the error: the bound on the norm of the update's Jacobian."""
    return beta * pairs * longest * error


@register_check(
    "softmax-hopfield-retrieval", source="Ramsauer et al. 2020, arXiv:2008.02217, theorems 4 and 5"
)
class SoftmaxHopfieldRetrieval(Check):
    """With f(ξ) = K softmax(β Kᵀ ξ), M = max ‖k_n‖ and Δ_i = min_{n≠i} (k_iᵀ k_i − k_iᵀ k_n):

        ‖f(ξ) − k_i‖ <= 2 M (N − 1) exp(−β (Δ_i − 2 M ‖ξ − k_i‖))            for every ξ,
        ‖k_i* − k_i‖ <= the same with the distance ‖k_i* − k_i‖               for the fixed point k_i*,
        ‖f(ξ) − k_i*‖ <= β N M × the first with the larger of both distances × ‖ξ − k_i*‖.

    All are inequalities, without tolerance; they are compared where the right side is above 10⁻¹⁰, so
    that a larger left side would be far above rounding.

    All are attained in the limit of large β Δ, if every other key is the opposite of k_i, for states ξ =
    (1 − d/M) k_i. With o = (N − 1) exp(−β (Δ − 2 M d)), the odds against k_i, which are the bound over 2
    M, the error is 1/(1 + o) of its bound, also at the fixed point. For two keys the Jacobian's norm, 4 β
    M² o/(1 + o)², is 1/(1 + o)² of β N M times that bound. These are compared up to rounding, which the
    exponent multiplies by its size."""

    statement = "One update of the softmax network errs by at most 2 M (N − 1) exp(−β (Δ − 2 M ‖ξ − k‖))."
    has_figure = True

    bound: Callable[[Any, Numbers, Numbers, float, int], Numbers] = bound
    """The bound, given β, Δ, distance, M and N."""

    slope: Callable[[Any, float, int, Numbers], Numbers] = slope
    """The bound on the norm of the update's Jacobian, given β, M, N and the bound on the error."""

    temperature: Callable[[Any], Any] = lambda beta: beta
    """The memory's inverse temperature, given that of the bound."""

    def examine(self) -> Finding:
        """Ten random patterns and queries about them; opposite keys."""
        rng = np.random.default_rng(0)
        keys = rng.standard_normal((_PAIRS, _UNITS))
        separation, longest = _separation(keys), float(np.max(_norms(keys)))
        betas, away = np.array(_BETAS)[:, None, None], longest * np.array(_DISTANCES)[:, None]
        queries = keys + away[..., None] * on_sphere(rng, len(_DISTANCES), _PAIRS, _UNITS)
        memory = _holding(keys, self.temperature(betas))
        answers, fixed = memory.update(jnp.asarray(queries)), _settled(memory)  # [β, distance, pattern, unit]
        off = _norms(fixed - keys)

        def highest(distance: Numbers) -> Numbers:
            return self.bound(betas, separation, distance, longest, _PAIRS)

        slope = self.slope(betas, longest, _PAIRS, highest(np.maximum(away, off)))
        return Finding(
            _at_most_one("‖f(ξ) − k‖", _norms(answers - keys), highest(away)),
            _at_most_one("‖k* − k‖", off, highest(off)),
            _at_most_one("‖f(ξ) − k*‖", _norms(answers - fixed), slope * _norms(queries - fixed)),
            *self._opposite(2),
            *self._opposite(6),
            panels=[self._panel()],
        )

    def _opposite(self, pairs: int) -> list[Quantity]:
        """The keys k and, N − 1 times, −k: errors at several distances, at the fixed point, and the
        slope."""
        beta, longest = 2.0, 1.5
        key = np.full(4, longest / 2)
        keys = np.vstack([key, np.tile(-key, (pairs - 1, 1))])
        memory = _holding(keys, self.temperature(beta))
        distances, separation = np.array([0.0, 0.2, 0.4]), np.array(2 * longest**2)
        states = (1 - distances[:, None] / longest) * key
        fixed = float(_norms(np.asarray(_settled(memory))[0] - key))
        distances = np.append(distances, fixed)
        errors = np.append(_norms(memory.update(jnp.asarray(states)) - key), fixed)
        highest = self.bound(beta, separation, distances, longest, pairs)
        share = 1 + highest / (2 * longest)  # 1 + o
        count = int(4 * (1 + beta * separation) + pairs + len(key))
        apart = roundings_apart(errors, highest / share, np.full(len(errors), longest), count)
        name = f"1 key and {pairs - 1} opposite"
        quantities = [within_rounding(f"{name}: errors off bound/(1 + o)", apart)]
        if pairs == 2:
            jacobians = np.asarray(jax.vmap(jax.jacfwd(memory.update))(jnp.asarray(states)))
            steepest = self.slope(beta, longest, pairs, highest[:-1]) / share[:-1] ** 2
            sizes = np.full(len(steepest), beta * longest**2)
            apart = roundings_apart(np.linalg.norm(jacobians, 2, (1, 2)), steepest, sizes, 4 * count)
            quantities.append(within_rounding(f"{name}: slopes off bound/(1 + o)²", apart))
        return quantities

    def _panel(self) -> Panel:
        """Error of one update from the pattern itself against β Δ, for patterns of many separations."""
        keys = np.sqrt(_UNITS) * on_sphere(np.random.default_rng(1), _PAIRS, _UNITS)
        separation, betas = _separation(keys), np.array([[0.1], [0.2], [0.4], [0.8]])
        memory = _holding(keys, self.temperature(betas))
        errors = _norms(memory.update(jnp.asarray(keys)) - keys).ravel()
        highest = self.bound(betas, separation, np.zeros(_PAIRS), float(np.sqrt(_UNITS)), _PAIRS).ravel()
        x = (betas * separation).ravel()
        order = np.argsort(x)
        series = (
            Series("‖f(k) − k‖", x, errors, "marks"),
            Series("2 M (N − 1) e^(−β Δ)", x[order], highest[order], "dashed"),
        )
        return Panel("One update, N = 10, d = 24", "β Δ", "error", series, y_scale="log")


def _norms(vectors: Any) -> Numbers:
    return np.linalg.norm(vectors, axis=-1)


def _separation(keys: Float[np.ndarray, "patterns units"]) -> Numbers:
    """Δ_i = k_iᵀ k_i − max_{n≠i} k_iᵀ k_n."""
    overlaps = keys @ keys.T
    return np.diag(overlaps) - (overlaps + np.where(np.eye(len(overlaps)), -np.inf, 0)).max(1)


def _at_most_one(name: str, error: Numbers, highest: Numbers) -> Quantity:
    """The largest ratio of an error to its bound, where the bound is above rounding."""
    ratio = np.max(np.where(highest > 1e-10, error / highest, 0))
    return Quantity(f"{name} / bound, largest", ratio, highest=1)


def _holding(keys: Float[np.ndarray, "patterns units"], beta: ArrayLike) -> SoftmaxHopfield:
    """The memory of patterns, each its own value; one for each inverse temperature."""
    patterns = jnp.asarray(keys)
    return SoftmaxHopfield(patterns, patterns, jnp.asarray(beta))


@jax.jit
def _settled(memory: SoftmaxHopfield) -> Array:
    """Where recall from each pattern ends."""
    return jax.lax.fori_loop(0, _UPDATES, lambda _, state: memory.update(state), memory.update(memory.keys))
