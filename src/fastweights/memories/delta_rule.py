"""The delta rule: what is written is what the memory gets wrong."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.errors import check_positive
from fastweights.memories.base import as_scalar, check_sizes
from fastweights.memories.linear import LinearMemory
from fastweights.memories.writes import Write, written
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

    Shapes: matrix (..., value, key), write rate β >= 0 (...).
    Raises: InvalidValueError if a size is below 1, β is negative or not finite, or a shape is wrong.
    Source: Widrow & Hoff 1960; Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4.2.
    """

    matrix: Float[Array, "... value key"]
    write_rate: Float[Array, "..."]

    @classmethod
    def empty(cls, key_size: int, value_size: int, write_rate: Scalar | float = 1.0) -> "DeltaRule":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        rate = as_scalar("write_rate", write_rate, check_positive, zero=True)
        return cls(jnp.zeros((value_size, key_size)), rate)

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> "DeltaRule":
        key, value = self.checked_pair(key, value)
        write = Write(self.write_rate[..., None] * key, value, lookup=key)
        return DeltaRule(written(self.matrix, write), self.write_rate)
