"""What memories have in common that are one matrix, read by a product."""

from abc import abstractmethod
from typing import Self

import equinox as eqx
from jaxtyping import Array, Float

from fastweights.memories.base import Memory, Sizes, contract


class LinearMemory(Memory):
    """A matrix M whose answer to a query q is M q.

    Shapes: matrix (key, value, batch), so that a read sums over the first axis.
    """

    matrix: eqx.AbstractVar[Float[Array, "key value batch"]]

    @property
    def sizes(self) -> Sizes:
        return Sizes(*self.matrix.shape)

    @abstractmethod
    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> Self: ...

    def read(self, query: Float[Array, "key batch"]) -> Float[Array, "value batch"]:
        query = self.checked_query(query)
        return contract(self.matrix, query)
