"""The outer-product memory: Hebb's rule."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.memories.base import check_sizes
from fastweights.memories.linear import LinearMemory
from fastweights.memories.writes import Write, written
from fastweights.registry import register_memory


@register_memory(
    "outer-product", source="Kohonen 1972, Correlation matrix memories, equation 1; Anderson 1972"
)
class OuterProduct(LinearMemory):
    """M ← M + v kᵀ on writing, M q on reading; M = 0 at first.

    After N pairs M = Σ_n v_n k_nᵀ: each answer M k_j is v_j ‖k_j‖² and the crosstalk Σ_{n≠j} v_n (k_nᵀ k_j).
    With v = k it is auto-associative.

    Shapes: matrix (..., value, key).
    Raises: InvalidValueError if a size is below 1 or a shape is wrong.
    Source: Kohonen 1972, Correlation matrix memories, equation 1; Anderson 1972.
    """

    matrix: Float[Array, "... value key"]

    @classmethod
    def empty(cls, key_size: int, value_size: int) -> "OuterProduct":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        return cls(jnp.zeros((value_size, key_size)))

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> "OuterProduct":
        key, value = self.checked_pair(key, value)
        return OuterProduct(written(self.matrix, Write(key, value)))

    def _store(
        self, keys: Float[Array, "pairs ... key"], values: Float[Array, "pairs ... value"]
    ) -> "OuterProduct":
        return OuterProduct(self.matrix + jnp.einsum("n...v,n...k->...vk", values, keys))
