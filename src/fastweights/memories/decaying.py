"""The decaying outer-product memory of Ba et al. 2016, as a matrix and as attention over what was stored.

The two forms are equal (equations 1, 3 and 4). With n stored pairs of R units the matrix costs 3 R²
operations for a write and 2 R² for a read; attention costs nothing to write and 4 n R to read.
"""

from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from fastweights.errors import check
from fastweights.memories.base import Memory, Sizes, StoredPairs, as_floats, check_sizes, check_write_rate
from fastweights.numerics import is_known, sum_units
from fastweights.registry import register_memory
from fastweights.types import Scalar


class DecayingMemory(Memory):
    """What the two forms have in common: decay λ in [0, 1] and write_rate η >= 0, both scalars."""

    decay: eqx.AbstractVar[Scalar]
    write_rate: eqx.AbstractVar[Scalar]

    @classmethod
    def empty(
        cls,
        key_size: int,
        value_size: int,
        batch: int,
        decay: Scalar | float = 0.95,
        write_rate: Scalar | float = 1.0,
    ) -> Self:
        """The memory with nothing stored, in the precision of `decay`.

        Raises: InvalidValueError if a size is below 1, or λ or η is outside its range.
        """
        check_sizes(key_size, value_size, batch)
        if is_known(decay):
            check(0 <= float(decay) <= 1, f"decay must be between 0 and 1; got {decay}")
        check_write_rate(write_rate)
        return cls._empty(Sizes(key_size, value_size, batch), as_floats(decay), as_floats(write_rate))

    @classmethod
    @abstractmethod
    def _empty(cls, sizes: Sizes, decay: Scalar, write_rate: Scalar) -> Self: ...


@register_memory("decaying", source="Ba, Hinton, Mnih, Leibo & Ionescu 2016, arXiv:1610.06258, equation 1")
class DecayingMatrix(DecayingMemory):
    """A ← λ A + η v kᵀ on writing, A q on reading; A = 0 at first.

    Shapes: matrix (key, value, batch), so that a read sums over the first axis; decay λ in [0, 1] and
    write_rate η >= 0 are scalars.
    Raises: InvalidValueError if a size is below 1, λ or η is outside its range, or a shape is wrong.
    Source: Ba et al. 2016, equation 1.
    """

    matrix: Float[Array, "key value batch"]
    decay: Scalar
    write_rate: Scalar

    @classmethod
    def _empty(cls, sizes: Sizes, decay: Scalar, write_rate: Scalar) -> "DecayingMatrix":
        return cls(jnp.zeros(sizes, decay.dtype), decay, write_rate)

    @property
    def sizes(self) -> Sizes:
        return Sizes(*self.matrix.shape)

    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> "DecayingMatrix":
        key, value = self.checked_pair(key, value)
        outer = key[:, None] * value[None]
        return DecayingMatrix(self.decay * self.matrix + self.write_rate * outer, self.decay, self.write_rate)

    def read(self, query: Float[Array, "key batch"]) -> Float[Array, "value batch"]:
        query = self.checked_query(query)
        return jnp.sum(self.matrix * query[:, None], axis=0)


class DecayingStates(StoredPairs, DecayingMemory):
    """η Σ_i λ^{n−i} v_i [k_iᵀ q]: the memory kept as the n pairs that were written, the oldest first.

    Shapes: keys (n, key, batch), values (n, value, batch); a write lengthens both, so this form is for
    unrolled programs. Ranges and errors as in `DecayingMatrix`.
    Source: Ba et al. 2016, equations 3 and 4.
    """

    keys: Float[Array, "stored key batch"]
    values: Float[Array, "stored value batch"]
    decay: Scalar
    write_rate: Scalar

    @classmethod
    def _empty(cls, sizes: Sizes, decay: Scalar, write_rate: Scalar) -> "DecayingStates":
        keys = jnp.zeros((0, sizes.key, sizes.batch), decay.dtype)
        values = jnp.zeros((0, sizes.value, sizes.batch), decay.dtype)
        return cls(keys, values, decay, write_rate)

    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> "DecayingStates":
        key, value = self.checked_pair(key, value)
        return DecayingStates(
            jnp.concatenate([self.keys, key[None]]),
            jnp.concatenate([self.values, value[None]]),
            self.decay,
            self.write_rate,
        )

    def read(self, query: Float[Array, "key batch"]) -> Float[Array, "value batch"]:
        query = self.checked_query(query)
        stored = len(self.keys)
        nothing = jnp.zeros((self.values.shape[1], query.shape[-1]), query.dtype)
        if not stored:
            return nothing
        weights = self.write_rate * powers(self.decay, stored - 1 - jnp.arange(stored))
        return attend(self.keys, self.values, weights, query, 0, stored, nothing)


def powers(decay: Scalar, ages: Int[Array, "*ages"]) -> Float[Array, "*ages"]:
    """λ^age where age >= 0, and 0 for what is not stored yet (age < 0); 0⁰ = 1."""
    stored = ages >= 0
    return jnp.where(stored, decay ** jnp.where(stored, ages, 0), 0)


def attend(
    keys: Float[Array, "stored key batch"],
    values: Float[Array, "stored value batch"],
    weights: Float[Array, " stored"],
    query: Float[Array, "key batch"],
    start: int | Int[Array, ""],
    stop: int | Int[Array, ""],
    total: Float[Array, "value batch"],
) -> Float[Array, "value batch"]:
    """total + Σ_{start <= i < stop} w_i v_i [k_iᵀ q] for each column.

    A loop over the stored pairs, not one large sum: each pass keeps to arrays that fit the first-level
    cache, and nothing is computed for pairs outside the range. On one core this was 10 to 50 times
    faster than the same sum in one expression. `start` and `stop` may be traced; where they are Python
    numbers JAX can differentiate the loop.

    Source: Ba et al. 2016, equation 4.
    """

    def add(i, total):
        key = lax.dynamic_index_in_dim(keys, i, keepdims=False)
        value = lax.dynamic_index_in_dim(values, i, keepdims=False)
        return total + (weights[i] * sum_units(key * query)) * value

    return lax.fori_loop(start, stop, add, total)
