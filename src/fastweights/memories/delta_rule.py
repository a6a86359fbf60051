"""The delta rule: what is written is what the memory gets wrong."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.memories.base import check_sizes, check_write_rate, contract
from fastweights.memories.linear import LinearMemory
from fastweights.registry import register_memory
from fastweights.types import Scalar


@register_memory(
    "delta-rule",
    source="Widrow & Hoff 1960; Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4.2",
)
class DeltaRule(LinearMemory):
    """M ← M + β (v − M k) kᵀ on writing, M q on reading; M = 0 at first.

    A write multiplies the error v − M k of its pair by 1 − β ‖k‖²: it shrinks for 0 < β < 2 / ‖k‖², and at
    β = 1 / ‖k‖² the new value takes the old one's place. Repeated presentation of linearly independent keys
    leads to the pseudo-inverse memory.

    Shapes: matrix (key, value, batch); the write rate β >= 0 is a scalar.
    Raises: InvalidValueError if a size is below 1, β is negative or not finite, or a shape is wrong.
    Source: Widrow & Hoff 1960; Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4.2.
    """

    matrix: Float[Array, "key value batch"]
    write_rate: Scalar

    @classmethod
    def empty(
        cls, key_size: int, value_size: int, batch: int, write_rate: Scalar | float = 1.0
    ) -> "DeltaRule":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size, batch)
        check_write_rate(write_rate)
        matrix = jnp.zeros((key_size, value_size, batch))
        return cls(matrix, jnp.asarray(write_rate, matrix.dtype))

    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> "DeltaRule":
        key, value = self.checked_pair(key, value)
        error = value - contract(self.matrix, key)
        return DeltaRule(self.matrix + self.write_rate * key[:, None] * error[None], self.write_rate)
