"""The optimal linear memory: the pseudo-inverse, one pair at a time."""

from functools import partial

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.memories.base import check_sizes
from fastweights.memories.linear import LinearMemory
from fastweights.registry import register_memory


@register_memory(
    "pseudo-inverse",
    source="Kohonen & Ruohonen 1973; Greville 1960, Some applications of the pseudoinverse of a matrix",
)
class PseudoInverse(LinearMemory):
    """M = V K⁺ for the keys K = (k_1 … k_N) and values V = (v_1 … v_N) written so far; M q on reading.

    Of all matrices with the least Σ_n ‖v_n − M k_n‖² it is the smallest; where the keys are linearly
    independent the error is zero. A write is the delta rule with the best gain g (Greville's theorem):

        M ← M + (v − M k) gᵀ,  g = P k / ‖P k‖²           if k has a part P k outside the keys' span,
                               g = Q k / (1 + kᵀ Q k)      if it has none,

    with the projection P = I − K K⁺ and Q = (K Kᵀ)⁺, which are kept up to date beside M. So a write costs
    some 12 R² operations and the memory never grows: it can be carried through a scan, where a kept list of
    pairs could not, and a read costs what it costs for every matrix.

    A part is taken for rounding if ‖P k‖ <= √ε ‖k‖, with ε the spacing of the numbers at 1: of such a part at
    least half of the digits are lost.

    Shapes: matrix (..., value, key), outside P and inverse Q (..., key, key).
    Raises: InvalidValueError if a size is below 1 or a shape is wrong.
    Source: Kohonen & Ruohonen 1973, Representation of associated data by matrix operators; Greville 1960;
    Q after Meyer 1973, Generalized inversion of modified matrices.
    """

    matrix: Float[Array, "... value key"]
    outside: Float[Array, "... key key"]
    inverse: Float[Array, "... key key"]

    @classmethod
    def empty(cls, key_size: int, value_size: int) -> "PseudoInverse":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        outside = jnp.eye(key_size)
        return cls(jnp.zeros((value_size, key_size)), outside, jnp.zeros_like(outside))

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> "PseudoInverse":
        key, value = self.checked_pair(key, value)
        return PseudoInverse(*_written(self.matrix, self.outside, self.inverse, key, value))


@partial(jnp.vectorize, signature="(v,k),(k,k),(k,k),(k),(v)->(v,k),(k,k),(k,k)")
def _written(
    matrix: Float[Array, "value key"],
    outside: Float[Array, "key key"],
    inverse: Float[Array, "key key"],
    key: Float[Array, " key"],
    value: Float[Array, " value"],
) -> tuple[Array, Array, Array]:
    """M, P and Q after the pair, for one memory."""
    part = outside @ (outside @ key)  # twice, since rounding leaves P only nearly a projection
    size, within = part @ part, inverse @ key
    weight = 1 + key @ within
    new = size > jnp.finfo(key.dtype).eps * (key @ key)
    direction = jnp.where(new, part / jnp.where(new, size, 1), 0)
    gain = jnp.where(new, direction, within / weight)
    mixed = jnp.outer(within, direction)
    widened = inverse - mixed - mixed.T + weight * jnp.outer(direction, direction)
    sharpened = inverse - jnp.outer(within, within) / weight
    return (
        matrix + jnp.outer(value - matrix @ key, gain),
        outside - jnp.outer(direction, part),
        jnp.where(new, widened, sharpened),
    )
