"""The decaying outer-product memory of Ba et al. 2016, as a matrix and as attention over what was stored.

The two forms are equal (equations 1, 3 and 4). With n stored pairs of R units the matrix costs 3 R²
operations for a write and 2 R² for a read; attention costs nothing to write and 4 n R to read.
"""

from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from fastweights.errors import check_between, check_positive
from fastweights.memories.base import Memory, StoredPairs, as_scalar, check_sizes
from fastweights.memories.linear import LinearMemory
from fastweights.memories.writes import Write, written
from fastweights.registry import register_memory
from fastweights.types import Scalar


class DecayingMemory(Memory):
    """What the two forms have in common: decay λ in [0, 1] and write_rate η >= 0."""

    decay: eqx.AbstractVar[Float[Array, "..."]]
    write_rate: eqx.AbstractVar[Float[Array, "..."]]

    @classmethod
    def empty(
        cls,
        key_size: int,
        value_size: int,
        decay: Scalar | float = 0.95,
        write_rate: Scalar | float = 1.0,
    ) -> Self:
        """The memory with nothing stored, in the precision of `decay`.

        Raises: InvalidValueError if a size is below 1, or λ or η is outside its range.
        """
        check_sizes(key_size, value_size)
        decay = as_scalar("decay", decay, check_between, least=0, most=1)
        write_rate = as_scalar("write_rate", write_rate, check_positive, zero=True)
        return cls._empty(key_size, value_size, decay, write_rate)

    @classmethod
    @abstractmethod
    def _empty(cls, key_size: int, value_size: int, decay: Scalar, write_rate: Scalar) -> Self: ...


@register_memory("decaying", source="Ba, Hinton, Mnih, Leibo & Ionescu 2016, arXiv:1610.06258, equation 1")
class DecayingMatrix(LinearMemory, DecayingMemory):
    """A ← λ A + η v kᵀ on writing, A q on reading; A = 0 at first.

    Shapes: matrix (..., value, key), decay λ in [0, 1] and write_rate η >= 0 (...).
    Raises: InvalidValueError if a size is below 1, λ or η is outside its range, or a shape is wrong.
    Source: Ba et al. 2016, equation 1.
    """

    matrix: Float[Array, "... value key"]
    decay: Float[Array, "..."]
    write_rate: Float[Array, "..."]

    @classmethod
    def _empty(cls, key_size: int, value_size: int, decay: Scalar, write_rate: Scalar) -> "DecayingMatrix":
        return cls(jnp.zeros((value_size, key_size), decay.dtype), decay, write_rate)

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> "DecayingMatrix":
        key, value = self.checked_pair(key, value)
        write = Write(key, self.write_rate[..., None] * value, decay=self.decay[..., None])
        return DecayingMatrix(written(self.matrix, write), self.decay, self.write_rate)


class DecayingStates(StoredPairs, DecayingMemory):
    """η Σ_i λ^{n−i} v_i [k_iᵀ q]: the memory kept as the n pairs that were written, the oldest first.

    Shapes: keys (..., n, key), values (..., n, value); a write lengthens both, so this form is for unrolled
    programs. Decay and write rate, ranges and errors as in `DecayingMatrix`.
    Source: Ba et al. 2016, equations 3 and 4.
    """

    keys: Float[Array, "... stored key"]
    values: Float[Array, "... stored value"]
    decay: Float[Array, "..."]
    write_rate: Float[Array, "..."]

    @classmethod
    def _empty(cls, key_size: int, value_size: int, decay: Scalar, write_rate: Scalar) -> "DecayingStates":
        keys, values = jnp.zeros((0, key_size), decay.dtype), jnp.zeros((0, value_size), decay.dtype)
        return cls(keys, values, decay, write_rate)

    def read(self, query: Float[Array, "... key"]) -> Float[Array, "... value"]:
        matches = jnp.matvec(self.keys, self.checked_query(query))
        ages = jnp.arange(matches.shape[-1])[::-1]
        weights = self.write_rate[..., None] * powers(self.decay[..., None], ages)
        return jnp.vecmat(weights * matches, self.values)


def powers(decay: Float[Array, "..."], ages: Int[Array, "..."]) -> Float[Array, "..."]:
    """λ^age where age >= 0, and 0 for what is not stored yet (age < 0); 0⁰ = 1."""
    stored = ages >= 0
    return jnp.where(stored, decay ** jnp.where(stored, ages, 0), 0)
