"""The contract of an associative memory."""

from abc import abstractmethod
from typing import Self

import equinox as eqx
from jaxtyping import Array, Float


class Memory(eqx.Module):
    """Stores values under keys; both methods are pure. One memory for each column of a batch.

    Shapes: key and query (key, batch), value (value, batch).
    """

    @abstractmethod
    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> Self:
        """The memory after storing `value` under `key` (storage phase)."""

    @abstractmethod
    def read(self, query: Float[Array, "key batch"]) -> Float[Array, "value batch"]:
        """What the memory answers to `query` (recall phase)."""
