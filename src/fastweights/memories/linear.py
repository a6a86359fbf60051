"""What memories have in common that are one matrix, read by a product."""

from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.memories.base import Memory, Sizes


class LinearMemory(Memory):
    """A matrix M whose answer to a query q is M q.

    Shapes: matrix (..., value, key).
    """

    matrix: eqx.AbstractVar[Float[Array, "... value key"]]

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.matrix.shape[-1], self.matrix.shape[-2])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.matrix.shape[:-2]

    @abstractmethod
    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> Self: ...

    def read(self, query: Float[Array, "... key"]) -> Float[Array, "... value"]:
        return jnp.matvec(self.matrix, self.checked_query(query))
