"""The contract of an associative memory."""

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike, Float

from fastweights.errors import check
from fastweights.inheritance import drop_outdated
from fastweights.numerics import is_known
from fastweights.types import Scalar


class Sizes(NamedTuple):
    """Units of a key, units of a value, and columns."""

    key: int
    value: int
    batch: int


class Memory(eqx.Module):
    """Stores values under keys; every method is pure. One memory for each column of a batch.

    Storage phase: `write` one pair, or `store` several. Recall phase: `read` with a query, which may be a
    stored key, a part of one, or a noisy one (see `fastweights.memories.perturbations`). What is
    auto-associative stores each pattern as its own value. A memory of one column answers queries of any
    number of columns.

    Shapes: key and query (key, batch), value (value, batch).
    """

    auto_associative: ClassVar[bool] = False
    """Whether a value must be its key."""

    binary: ClassVar[bool] = False
    """Whether keys are patterns of −1 and +1."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A class that changes `write` does not inherit a `_store` that is equal to its parent's."""
        super().__init_subclass__(**kwargs)
        drop_outdated(cls, Memory, ("write",), ("_store",))

    @property
    @abstractmethod
    def sizes(self) -> Sizes:
        """How large keys and values are, and how many columns there are."""

    @abstractmethod
    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> Self:
        """The memory after storing `value` under `key` (storage phase)."""

    @abstractmethod
    def read(self, query: Float[Array, "key batch"]) -> Float[Array, "value batch"]:
        """What the memory answers to `query` (recall phase)."""

    def store(self, keys: Float[Array, "pairs key batch"], values: Float[Array, "pairs value batch"]) -> Self:
        """The memory after writing every pair, the first one first.

        A subclass may override `_store` with a faster form that is equal to it.
        Raises: InvalidValueError if there is no pair, a shape is wrong or a number is not finite.
        """
        sizes, keys, values = self.sizes, self._as_floats(keys), self._as_floats(values)
        check(
            keys.ndim == 3 and len(keys) > 0,
            f"keys must hold at least one pair, as (pairs, units, batch); got the shape {keys.shape}",
        )
        check_shape("keys", keys, len(keys), sizes.key, sizes.batch)
        check_shape("values", values, len(keys), sizes.value, sizes.batch)
        check_finite("keys", keys)
        check_finite("values", values)
        return self._store(keys, values)

    def _store(
        self, keys: Float[Array, "pairs key batch"], values: Float[Array, "pairs value batch"]
    ) -> Self:
        before = jax.eval_shape(lambda: self)
        after = jax.eval_shape(lambda key, value: self.write(key, value), keys[0], values[0])
        if _form(before) == _form(after):
            return _write_all(self, keys, values)
        memory = self  # a memory that grows with every pair
        for key, value in zip(keys, values, strict=True):
            memory = memory.write(key, value)
        return memory

    def checked_pair(self, key: ArrayLike, value: ArrayLike) -> tuple[Array, Array]:
        """Key and value as arrays of floating-point numbers: in those of a few bits, sums would overflow.

        Every `write` begins with it. Raises: InvalidValueError unless both have the memory's sizes.
        """
        sizes, key, value = self.sizes, self._as_floats(key), self._as_floats(value)
        check_shape("key", key, sizes.key, sizes.batch)
        check_shape("value", value, sizes.value, sizes.batch)
        return key, value

    def checked_query(self, query: ArrayLike) -> Array:
        """The query as an array of floating-point numbers; every `read` begins with it.

        Raises: InvalidValueError unless it has the memory's sizes; a memory of one column takes any batch.
        """
        sizes, query = self.sizes, self._as_floats(query)
        columns = query.shape[-1] if sizes.batch == 1 and query.ndim else sizes.batch
        check_shape("query", query, sizes.key, columns)
        return query

    def _as_floats(self, array: ArrayLike) -> Array:
        return as_floats(array, jax.tree.leaves(self)[0].dtype)


class StoredPairs(Memory):
    """A memory kept as the pairs that were written, the oldest first; a write lengthens both arrays."""

    keys: eqx.AbstractVar[Float[Array, "stored key batch"]]
    values: eqx.AbstractVar[Float[Array, "stored value batch"]]

    @property
    def sizes(self) -> Sizes:
        _, key, batch = self.keys.shape
        return Sizes(key, self.values.shape[1], batch)


class EnergyMemory(Memory):
    """An auto-associative memory whose recall is a descent: `update` never raises `energy`."""

    @abstractmethod
    def energy(self, state: Float[Array, "key batch"]) -> Float[Array, " batch"]:
        """The energy of each column's state."""

    @abstractmethod
    def update(self, state: Float[Array, "key batch"]) -> Float[Array, "key batch"]:
        """One round of recall."""


def contract(
    table: Float[Array, "summed units columns"], columns: Float[Array, "summed batch"]
) -> Float[Array, "units batch"]:
    """Σ_i table[i, :, b] columns[i, b]; a table of one column serves all."""
    if table.shape[-1] == 1:
        return table[..., 0].T @ columns
    return jnp.sum(table * columns[:, None], axis=0)


def as_floats(array: ArrayLike, dtype: jnp.dtype | None = None) -> Array:
    """The array as it is if its numbers are of floating point; integers and truth values as `dtype`."""
    array = jnp.asarray(array)
    return array if jnp.issubdtype(array.dtype, jnp.inexact) else array.astype(dtype or float)


def check_sizes(key_size: int, value_size: int, batch: int) -> None:
    """Raise InvalidValueError unless every size is at least 1."""
    for name, size in (("key_size", key_size), ("value_size", value_size), ("batch", batch)):
        check(size >= 1, f"{name} must be at least 1; got {size}")


def check_write_rate(write_rate: Scalar | float) -> None:
    """Raise InvalidValueError if the rate is known and negative or not finite."""
    if is_known(write_rate):
        good = 0 <= float(write_rate) < float("inf")
        check(good, f"write_rate must be at least 0 and finite; got {write_rate}")


def check_shape(name: str, array: Array, *expected: int) -> None:
    """Raise InvalidValueError unless the array has the shape expected."""
    axes = ("pairs", "units", "batch")[-len(expected) :]
    check(
        jnp.shape(array) == expected,
        f"{name} must have the shape {expected} ({', '.join(axes)}); got {jnp.shape(array)}",
    )


def check_finite(name: str, array: Array) -> None:
    """Raise InvalidValueError if a number is known and not finite; what JAX is tracing is not known."""
    if is_known(array):
        check(bool(np.all(np.isfinite(array))), f"{name} must be finite; got NaN or infinity")


def _form(memory: Any) -> Any:
    leaves, structure = jax.tree.flatten(memory)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


@jax.jit
def _write_all(memory: Any, keys: Array, values: Array) -> Any:
    return lax.scan(lambda memory, pair: (memory.write(*pair), None), memory, (keys, values))[0]
