"""Reading the softmax memory is the attention of transformers."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from fastweights.memories import SoftmaxHopfield
from fastweights.theory import Check, Finding, register_check
from fastweights.theory.rounding import roundings_apart, within_rounding

_PAIRS, _UNITS, _VALUE = 11, 5, 5


def scale(units: int) -> float:
    """β = 1/√d."""
    return 1 / np.sqrt(units)


@register_check(
    "softmax-hopfield-attention",
    source="Ramsauer et al. 2020, arXiv:2008.02217, equation 10; Vaswani et al. 2017, equation 1",
)
class SoftmaxHopfieldAttention(Check):
    """Written pair by pair and read at β = 1/√d, the memory's answer equals JAX's scaled dot-product
    attention and the formula softmax(q Kᵀ/√d) V.

    Each weight exp(s_n)/Σ exp(s) has a relative error of at most 2 (d + 2) |s|'s roundings, |s| being the sum
    of the absolute terms of the largest score, and N + 2 more; the sum over pairs adds N. JAX's attention
    takes its softmax in single precision whatever it is given: for it the roundings are those, 2²⁹ times as
    large."""

    statement = "At β = 1/√d the softmax memory is the attention of transformers."

    scale: Callable[[int], float] = scale
    """The inverse temperature, given the size of a key."""

    def examine(self) -> Finding:
        """Three queries of one memory."""
        rng = np.random.default_rng(0)
        shapes = (_PAIRS, _UNITS), (_PAIRS, _VALUE), (3, _UNITS)
        keys, values, queries = (jnp.asarray(rng.standard_normal(shape)) for shape in shapes)
        memory = SoftmaxHopfield.empty(_UNITS, _VALUE, self.scale(_UNITS))
        for key, value in zip(keys, values, strict=True):
            memory = memory.write(key, value)
        answers = memory.read(queries)
        with_one_head = (array[:, None] for array in (queries, keys, values))
        by_jax = jax.nn.dot_product_attention(*with_one_head)[:, 0]
        matches = np.exp(queries @ keys.T / np.sqrt(_UNITS))
        weights = matches / matches.sum(1, keepdims=True)
        steepest = np.max(abs(queries) @ abs(keys).T) / np.sqrt(_UNITS)
        count = int(np.ceil(2 * (_UNITS + 2) * (1 + steepest))) + 2 * _PAIRS + 2
        sizes = weights @ abs(values)
        by_formula = roundings_apart(answers, weights @ values, sizes, count)
        from_jax = roundings_apart(answers, by_jax, sizes, count * 2**29)
        return Finding(
            within_rounding("difference from softmax(q Kᵀ/√d) V", by_formula),
            within_rounding("difference from JAX's attention", from_jax),
        )
