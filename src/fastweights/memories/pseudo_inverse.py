"""The optimal linear memory: the pseudo-inverse, one pair at a time."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.memories.base import check_sizes, contract
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

    Shapes: matrix (key, value, batch), outside P and inverse Q (key, key, batch).
    Raises: InvalidValueError if a size is below 1 or a shape is wrong.
    Source: Kohonen & Ruohonen 1973, Representation of associated data by matrix operators; Greville 1960;
    Q after Meyer 1973, Generalized inversion of modified matrices.
    """

    matrix: Float[Array, "key value batch"]
    outside: Float[Array, "key key batch"]
    inverse: Float[Array, "key key batch"]

    @classmethod
    def empty(cls, key_size: int, value_size: int, batch: int) -> "PseudoInverse":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size, batch)
        outside = jnp.broadcast_to(jnp.eye(key_size)[..., None], (key_size, key_size, batch))
        return cls(jnp.zeros((key_size, value_size, batch)), outside, jnp.zeros_like(outside))

    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> "PseudoInverse":
        key, value = self.checked_pair(key, value)
        # Projected twice, since rounding leaves P only nearly a projection.
        part = contract(self.outside, contract(self.outside, key))
        size, within = _squared(part), contract(self.inverse, key)
        weight = 1 + jnp.sum(key * within, axis=0)
        new = size > jnp.finfo(key.dtype).eps * _squared(key)
        direction = jnp.where(new, part / jnp.where(new, size, 1), 0)
        gain = jnp.where(new, direction, within / weight)
        error = value - contract(self.matrix, key)
        mixed = _outer(within, direction)
        widened = self.inverse - mixed - mixed.swapaxes(0, 1) + weight * _outer(direction, direction)
        sharpened = self.inverse - _outer(within, within) / weight
        return PseudoInverse(
            self.matrix + _outer(gain, error),
            self.outside - _outer(direction, part),
            jnp.where(new, widened, sharpened),
        )


def _squared(x: Float[Array, "units batch"]) -> Float[Array, " batch"]:
    return jnp.sum(x * x, axis=0)


def _outer(
    x: Float[Array, "rows batch"], y: Float[Array, "columns batch"]
) -> Float[Array, "rows columns batch"]:
    return x[:, None] * y[None]
