"""Linear attention is softmax attention to first order in the scores."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from fastweights.memories.writes import Write, written
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check

_PAIRS, _KEY, _VALUE = 7, 5, 3
_SCALES = 2.0 ** -np.arange(3, 13)


def features(key: np.ndarray, scale: float) -> np.ndarray:  # survives: its scale divides out
    """φ(k) = (1, √ε k): φ(k)ᵀ φ(q) = 1 + ε kᵀ q."""
    return np.append(1.0, np.sqrt(scale) * key)


def leading(scores: np.ndarray, values: np.ndarray) -> np.ndarray:
    """½ (mean of s² v − mean of s² · mean of v): what ε² multiplies in softmax minus linear attention."""
    squares = scores**2
    return (np.mean(squares[:, None] * values, axis=0) - np.mean(squares) * np.mean(values, axis=0)) / 2


@register_check(
    "first-order-softmax",
    source="Katharopoulos et al. 2020, arXiv:2006.16236, equations 2 to 9; this project",
)
class FirstOrderSoftmax(Check):
    """Softmax attention with scores ε s and attention with weights 1 + ε s, divided by their sum, differ by
    ε² ½ (mean(s² v) − mean(s²) mean(v)) + O(ε³). The second is the recurrence with the features (1, √ε k) and
    a normaliser row.

    The slope of the logarithm of the difference against that of ε, between ε = 2⁻¹¹ and 2⁻¹², is within 0.01
    of 2; the difference over ε², at ε and ε/2, extrapolated to 0, is the coefficient within 10⁻⁴ of it:
    what is left is of second order in ε, 10⁻⁷, and rounding u/ε², 10⁻⁹."""

    statement = "For small scores softmax attention is linear attention, up to the scores' squares."
    has_figure = True

    features: Callable[[np.ndarray, float], np.ndarray] = features
    """φ(k), given ε."""

    leading: Callable[[np.ndarray, np.ndarray], np.ndarray] = leading
    """The coefficient of ε², given scores and values."""

    order: float = 2.0
    """The power of ε."""

    def examine(self) -> Finding:
        """One query of seven pairs, at ten scales of the scores."""
        rng = np.random.default_rng(0)
        query = rng.standard_normal(_KEY)
        keys, values = rng.standard_normal((_PAIRS, _KEY)), rng.standard_normal((_PAIRS, _VALUE))
        scores = keys @ query
        differences = np.array([self._difference(query, keys, values, scale) for scale in _SCALES])
        sizes = np.linalg.norm(differences, axis=1)
        slope = np.log2(sizes[-2] / sizes[-1])
        over = differences / _SCALES[:, None] ** 2
        limit, expected = 2 * over[-1] - over[-2], self.leading(scores, values)
        off = np.linalg.norm(limit - expected) / np.linalg.norm(limit)
        line = np.linalg.norm(expected) * _SCALES**self.order
        series = (
            Series("softmax − linear attention", _SCALES, sizes, "marks"),
            Series("ε² ½ |mean(s² v) − mean(s²) mean(v)|", _SCALES, line, "dashed"),
        )
        title = "Softmax and linear attention for small scores"
        panel = Panel(title, "scale of the scores ε", "difference", series, x_scale="log", y_scale="log")
        return Finding(
            Quantity.near("slope between the two least ε", slope, self.order, 0.01),
            Quantity("coefficient of ε², relative difference", off, highest=1e-4),
            panels=[panel],
        )

    def _difference(
        self, query: np.ndarray, keys: np.ndarray, values: np.ndarray, scale: float
    ) -> np.ndarray:
        weights = np.exp(scale * keys @ query)
        memory = jnp.zeros((_VALUE + 1, _KEY + 1))
        for key, value in zip(keys, values, strict=True):
            row = jnp.asarray(self.features(key, scale)), jnp.asarray(np.append(value, 1.0))
            memory = written(memory, Write(*row))
        read = np.asarray(memory) @ self.features(query, scale)
        return weights @ values / weights.sum() - read[:-1] / read[-1]
