"""The contract of an associative memory."""

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike, Float

from fastweights.errors import InvalidValueError, check
from fastweights.inheritance import drop_outdated
from fastweights.numerics import is_known


class Sizes(NamedTuple):
    """Units of a key, and units of a value."""

    key: int
    value: int


class Memory(eqx.Module):
    """Stores values under keys; every method is pure.

    Storage phase: `write` one pair, or `store` several. Recall phase: `read` with a query, which may be a
    stored key, a part of one, or a noisy one (see `fastweights.memories.perturbations`). What is
    auto-associative stores each pattern as its own value.

    Shapes: key and query (..., key), value (..., value). Leading axes are batch axes, of the memory's arrays
    too, and broadcast as in `jnp.matmul`: one memory answers any number of queries, and a batch of pairs
    written to it makes a batch of memories.
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
        """How large keys and values are."""

    @property
    @abstractmethod
    def batch_shape(self) -> tuple[int, ...]:
        """The leading axes: () for one memory."""

    @abstractmethod
    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> Self:
        """The memory after storing `value` under `key` (storage phase)."""

    @abstractmethod
    def read(self, query: Float[Array, "... key"]) -> Float[Array, "... value"]:
        """What the memory answers to `query` (recall phase)."""

    def store(self, keys: Float[Array, "pairs ... key"], values: Float[Array, "pairs ... value"]) -> Self:
        """The memory after writing every pair, the first one first.

        A subclass may override `_store` with a faster form that is equal to it.
        Raises: InvalidValueError if there is no pair, a shape is wrong or a number is not finite.
        """
        keys, values = self._as_floats(keys), self._as_floats(values)
        one_or_more = keys.ndim > 1 and len(keys) > 0
        check(one_or_more, f"keys must hold at least one pair, as (pairs, ..., units); got {keys.shape}")
        good = values.ndim > 1 and len(values) == len(keys)
        check(good, f"values must hold one for each of the {len(keys)} keys; got {values.shape}")
        _check_units("keys", keys, self.sizes.key)
        _check_units("values", values, self.sizes.value)
        self._check_batch(keys=keys[0], values=values[0])
        _check_finite("keys", keys)
        _check_finite("values", values)
        return self._store(keys, values)

    def _store(self, keys: Float[Array, "pairs ... key"], values: Float[Array, "pairs ... value"]) -> Self:
        memory = self
        for n in range(len(keys)):
            after = jax.eval_shape(type(memory).write, memory, keys[n], values[n])
            if _form(memory) == _form(after):
                return _write_all(memory, keys[n:], values[n:])
            memory = memory.write(keys[n], values[n])  # grows, or takes the leading axes of the pairs
        return memory

    def checked_pair(self, key: ArrayLike, value: ArrayLike) -> tuple[Array, Array]:
        """Key and value as arrays of floating-point numbers: in those of a few bits, sums would overflow.

        Every `write` begins with it. Raises: InvalidValueError unless both fit the memory.
        """
        key, value = self._as_floats(key), self._as_floats(value)
        _check_units("key", key, self.sizes.key)
        _check_units("value", value, self.sizes.value)
        self._check_batch(key=key, value=value)
        return key, value

    def checked_query(self, query: ArrayLike) -> Array:
        """The query as an array of floating-point numbers; every `read` begins with it.

        Raises: InvalidValueError unless it fits the memory.
        """
        query = self._as_floats(query)
        _check_units("query", query, self.sizes.key)
        self._check_batch(query=query)
        return query

    def _as_floats(self, array: ArrayLike) -> Array:
        return as_floats(array, jax.tree.leaves(self)[0].dtype)

    def _check_batch(self, **vectors: Array) -> None:
        shapes = {"memory": self.batch_shape, **{name: v.shape[:-1] for name, v in vectors.items()}}
        try:
            np.broadcast_shapes(*shapes.values())
        except ValueError:
            listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise InvalidValueError(f"leading axes must broadcast; got {listed}") from None


class StoredPairs(Memory):
    """A memory kept as the pairs that were written, the oldest first; a write lengthens both arrays."""

    keys: eqx.AbstractVar[Float[Array, "... stored key"]]
    values: eqx.AbstractVar[Float[Array, "... stored value"]]

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.keys.shape[-1], self.values.shape[-1])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.keys.shape[:-2]

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> Self:
        key, value = self.checked_pair(key, value)
        return self._append(key[None], value[None])

    def _append(self, keys: Float[Array, "pairs ... key"], values: Float[Array, "pairs ... value"]) -> Self:
        batch = np.broadcast_shapes(self.batch_shape, keys.shape[1:-1], values.shape[1:-1])

        def append(stored: Array, new: Array) -> Array:
            parts = stored, jnp.moveaxis(new, 0, -2)
            return jnp.concatenate([jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in parts], axis=-2)

        return dataclasses.replace(self, keys=append(self.keys, keys), values=append(self.values, values))

    _store = _append


class EnergyMemory(Memory):
    """An auto-associative memory whose recall is a descent: `update` never raises `energy`."""

    @abstractmethod
    def energy(self, state: Float[Array, "... key"]) -> Float[Array, "..."]:
        """The energy of a state."""

    @abstractmethod
    def update(self, state: Float[Array, "... key"]) -> Float[Array, "... key"]:
        """One round of recall."""


def outer(x: Float[Array, "... rows"], y: Float[Array, "... columns"]) -> Float[Array, "... rows columns"]:
    """x yᵀ; leading axes broadcast."""
    return x[..., :, None] * y[..., None, :]


def as_floats(array: ArrayLike, dtype: jnp.dtype | None = None) -> Array:
    """The array as it is if its numbers are of floating point; integers and truth values as `dtype`."""
    array = jnp.asarray(array)
    return array if jnp.issubdtype(array.dtype, jnp.inexact) else array.astype(dtype or float)


def check_sizes(key_size: int, value_size: int) -> None:
    """Raise InvalidValueError unless both sizes are at least 1."""
    for name, size in (("key_size", key_size), ("value_size", value_size)):
        check(size >= 1, f"{name} must be at least 1; got {size}")


def as_scalar(name: str, value: ArrayLike, check_range: Callable[..., None], **limits: float) -> Array:
    """The number as an array. Raises: InvalidValueError unless it is one, and within its limits if known."""
    scalar = as_floats(value)
    check(scalar.ndim == 0, f"{name} must be one number (jax.vmap takes several); got {scalar.shape}")
    if is_known(scalar):
        check_range(name, float(scalar), **limits)
    return scalar


def _check_units(name: str, array: Array, units: int) -> None:
    check(array.shape[-1:] == (units,), f"{name} must have the shape (..., {units}); got {array.shape}")


def _check_finite(name: str, array: Array) -> None:
    """What JAX is tracing is not known."""
    if is_known(array):
        check(bool(np.all(np.isfinite(array))), f"{name} must be finite; got NaN or infinity")


def _form(memory: Any) -> Any:
    leaves, structure = jax.tree.flatten(memory)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


@jax.jit
def _write_all(memory: Any, keys: Array, values: Array) -> Any:
    return lax.scan(lambda memory, pair: (memory.write(*pair), None), memory, (keys, values))[0]
