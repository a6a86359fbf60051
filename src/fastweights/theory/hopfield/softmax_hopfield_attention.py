"""Reading the softmax memory is the attention of transformers."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from fastweights.memories import SoftmaxHopfield
from fastweights.theory import Check, Finding, register_check
from fastweights.theory.rounding import roundings_apart, within_rounding

_UNITS, _VALUE, _PAIRS, _BATCH = 5, 5, 11, 3


def scale(units: int) -> float:
    """β = 1/√d."""
    return 1 / np.sqrt(units)


@register_check(
    "softmax-hopfield-attention",
    source="Ramsauer et al. 2020, arXiv:2008.02217, equation 10; Vaswani et al. 2017, equation 1",
)
class SoftmaxHopfieldAttention(Check):
    """Written pair by pair and read at β = 1/√d, the memory's answer equals JAX's scaled dot-product
    attention and the formula softmax(q Kᵀ/√d) V, summed term by term.

    Each weight exp(s_n)/Σ exp(s) has a relative error of at most 2 (d + 2) |s|'s roundings, |s| being the sum
    of the absolute terms of the largest score, and N + 2 more; the sum over pairs adds N. JAX's attention
    takes its softmax in single precision whatever it is given: for it the roundings are those, 2²⁹ times as
    large."""

    statement = "At β = 1/√d the softmax memory is the attention of transformers."

    scale: Callable[[int], float] = scale
    """The inverse temperature, given the size of a key."""

    def examine(self) -> Finding:
        """Three columns, each with keys, values and a query of its own."""
        rng = np.random.default_rng(0)
        keys, values = (rng.standard_normal((_PAIRS, units, _BATCH)) for units in (_UNITS, _VALUE))
        query = rng.standard_normal((_UNITS, _BATCH))
        memory = SoftmaxHopfield.empty(_UNITS, _VALUE, _BATCH, self.scale(_UNITS))
        for key, value in zip(keys, values, strict=True):
            memory = memory.write(jnp.asarray(key), jnp.asarray(value))
        answer = memory.read(jnp.asarray(query))
        by_jax = jax.nn.dot_product_attention(
            jnp.asarray(query.T[:, None, None]),
            *(jnp.asarray(np.moveaxis(a, -1, 0)[:, :, None]) for a in (keys, values)),
        )[:, 0, 0].T
        exact, sizes = _term_by_term(keys, values, query)
        steepest = np.max(np.einsum("nkb,kb->nb", abs(keys), abs(query))) / np.sqrt(_UNITS)
        count = int(np.ceil(2 * (_UNITS + 2) * (1 + steepest))) + 2 * _PAIRS + 2
        by_term = roundings_apart(answer, exact, sizes, count)
        from_jax = roundings_apart(answer, by_jax, sizes, count * 2**29)
        return Finding(
            within_rounding("difference from softmax(q Kᵀ/√d) V", by_term),
            within_rounding("difference from JAX's attention", from_jax),
        )


def _term_by_term(keys: np.ndarray, values: np.ndarray, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """softmax(q Kᵀ/√d) V for each column, and the same of the values' absolute values."""
    answers, sizes = np.zeros((2, _VALUE, _BATCH))
    for b in range(_BATCH):
        scores = np.array([key[:, b] @ query[:, b] / np.sqrt(_UNITS) for key in keys])
        weights = np.exp(scores) / sum(np.exp(scores))
        for weight, value in zip(weights, values, strict=True):
            answers[:, b] += weight * value[:, b]
            sizes[:, b] += weight * abs(value[:, b])
    return answers, sizes
