"""Linear attention as a memory: Hebb's rule with positive keys, and answers that are means."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.memories.base import Memory, Sizes, check_sizes
from fastweights.memories.writes import Write, written
from fastweights.registry import register_memory


@register_memory(
    "linear-attention", source="Katharopoulos, Vyas, Pappas & Fleuret 2020, arXiv:2006.16236, equation 18"
)
class LinearAttentionMemory(Memory):
    """S ← S + v φ(k)ᵀ and z ← z + φ(k) on writing, S φ(q) / zᵀ φ(q) on reading; φ(x) = elu(x) + 1.

    An answer is a weighted mean of the stored values: attention with φ(k)ᵀ φ(q) in place of exp(kᵀ q). z is
    the last row of the matrix, whose values are 1.

    Shapes: matrix (..., value + 1, key).
    Raises: InvalidValueError if a size is below 1 or a shape is wrong.
    Source: Katharopoulos et al. 2020, arXiv:2006.16236, equations 7 and 18–20.
    """

    matrix: Float[Array, "... rows key"]

    @classmethod
    def empty(cls, key_size: int, value_size: int) -> "LinearAttentionMemory":
        """The memory with nothing stored; it answers 0."""
        check_sizes(key_size, value_size)
        return cls(jnp.zeros((value_size + 1, key_size)))

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.matrix.shape[-1], self.matrix.shape[-2] - 1)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.matrix.shape[:-2]

    def write(
        self, key: Float[Array, "... key"], value: Float[Array, "... value"]
    ) -> "LinearAttentionMemory":
        key, value = self.checked_pair(key, value)
        value = jnp.concatenate([value, jnp.ones_like(value[..., :1])], axis=-1)
        return LinearAttentionMemory(written(self.matrix, Write(elu_plus_one(key), value)))

    def read(self, query: Float[Array, "... key"]) -> Float[Array, "... value"]:
        return normalised(jnp.matvec(self.matrix, elu_plus_one(self.checked_query(query))))


def elu_plus_one(x: Float[Array, "... key"]) -> Float[Array, "... key"]:
    """elu(x) + 1: x + 1, or exp(x) where x < 0, which 1 + expm1(x) would cancel.

    Source: Katharopoulos et al. 2020, arXiv:2006.16236, equation 7.
    """
    return jnp.where(x > 0, x + 1, jnp.exp(jnp.minimum(x, 0)))


def normalised(read: Float[Array, "... rows"]) -> Float[Array, "... value"]:
    """What is read, divided by its last number, which values of 1 would have given; 0 where that is 0."""
    total = read[..., -1:]
    return read[..., :-1] / jnp.where(total == 0, 1, total)
