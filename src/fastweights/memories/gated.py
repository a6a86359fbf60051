"""Gated memories: what is kept of every unit of the keys, and of what stands under the key."""

from typing import Self

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.errors import check, check_between, check_positive
from fastweights.memories.base import as_floats, as_scalar, check_sizes
from fastweights.memories.linear import LinearMemory
from fastweights.memories.writes import Write, written
from fastweights.numerics import is_known
from fastweights.registry import register_memory
from fastweights.types import Scalar

Gate = Float[Array, "..."] | float
"""One number, or one for each unit of the keys."""


def as_gate(name: str, gate: Gate, key_size: int) -> Float[Array, " gates"]:
    """The gate as (1,), for one number, or (key,). Raises: InvalidValueError for another shape, or numbers
    outside [0, 1]."""
    array = jnp.atleast_1d(as_floats(gate))
    check(
        array.shape in ((1,), (key_size,)),
        f"{name} must be one number or {key_size}; got shape {array.shape}",
    )
    if is_known(array):
        for value in (float(array.min()), float(array.max())):
            check_between(name, value, 0, 1)
    return array


@register_memory("gated", source="Yang, Wang, Shen, Panda & Kim 2023, arXiv:2312.06635, equation 3")
class GatedMatrix(LinearMemory):
    """S ← S Diag(a) + v kᵀ on writing, S q on reading; S = 0 at first.

    Of the decaying memory (Ba et al. 2016) with a decay for each unit of the keys: what is stored under units
    with a_i = 1 stays, under those with a_i = 0 it goes at the next write.

    Shapes: matrix (..., value, key), decay a in [0, 1] (..., key), or (..., 1) for one number.
    Raises: InvalidValueError if a size is below 1, a is outside its range, or a shape is wrong.
    Source: Yang et al. 2023, arXiv:2312.06635, equation 3.
    """

    matrix: Float[Array, "... value key"]
    decay: Float[Array, "... gates"]

    @classmethod
    def empty(cls, key_size: int, value_size: int, decay: Gate = 0.95) -> "GatedMatrix":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        return cls(jnp.zeros((value_size, key_size)), as_gate("decay", decay, key_size))

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> Self:
        key, value = self.checked_pair(key, value)
        return type(self)(written(self.matrix, Write(key, value, self.decay)), self.decay)


@register_memory("gated-delta-rule", source="Yang, Kautz & Hatamizadeh 2024, arXiv:2412.06464, equation 10")
class GatedDeltaRule(LinearMemory):
    """S ← S Diag(a) + β (v − S Diag(a) k) kᵀ on writing, S q on reading; S = 0 at first.

    The delta rule after a decay: a clears the memory, β puts one value in the place of another. With a = 1 it
    is `DeltaRule`, without what is taken away `GatedMatrix`.

    Shapes: matrix (..., value, key), decay a in [0, 1] (..., key), or (..., 1) for one number, write rate
    β >= 0 (...).
    Raises: InvalidValueError if a size is below 1, a or β is outside its range, or a shape is wrong.
    Source: Yang et al. 2024, arXiv:2412.06464, equation 10; with a vector, Kimi Team 2025, arXiv:2510.26692.
    """

    matrix: Float[Array, "... value key"]
    decay: Float[Array, "... gates"]
    write_rate: Float[Array, "..."]

    @classmethod
    def empty(
        cls, key_size: int, value_size: int, decay: Gate = 0.95, write_rate: Scalar | float = 1.0
    ) -> "GatedDeltaRule":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        rate = as_scalar("write_rate", write_rate, check_positive, zero=True)
        return cls(jnp.zeros((value_size, key_size)), as_gate("decay", decay, key_size), rate)

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> "GatedDeltaRule":
        key, value = self.checked_pair(key, value)
        write = Write(self.write_rate[..., None] * key, value, self.decay, self.decay * key)
        return GatedDeltaRule(written(self.matrix, write), self.decay, self.write_rate)


@register_memory("generalised-delta-rule", source="Peng et al. 2025, arXiv:2503.14456, equation 2")
class GeneralisedDeltaRule(LinearMemory):
    """S ← S Diag(a) − (S κ) (e ⊙ κ)ᵀ + v kᵀ on writing, κ = k / ‖k‖; S q on reading; S = 0 at first.

    The delta rule with rates of their own, one for each unit of the keys, for what is taken away. For unit
    keys, a = 1 and e = 1 it is `DeltaRule` with β = 1; with e = 0 it is `GatedMatrix`.

    Shapes: matrix (..., value, key), decay a and erase_rate e in [0, 1] (..., key), or (..., 1) for a number.
    Raises: InvalidValueError if a size is below 1, a or e is outside its range, or a shape is wrong.
    Source: Peng et al. 2025, arXiv:2503.14456, equations 2 and 17.
    """

    matrix: Float[Array, "... value key"]
    decay: Float[Array, "... gates"]
    erase_rate: Float[Array, "... gates"]

    @classmethod
    def empty(
        cls, key_size: int, value_size: int, decay: Gate = 0.95, erase_rate: Gate = 1.0
    ) -> "GeneralisedDeltaRule":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        gates = as_gate("decay", decay, key_size), as_gate("erase_rate", erase_rate, key_size)
        return cls(jnp.zeros((value_size, key_size)), *gates)

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... value"]) -> "GeneralisedDeltaRule":
        key, value = self.checked_pair(key, value)
        square = jnp.sum(key * key, axis=-1, keepdims=True)
        unit = key / jnp.sqrt(jnp.where(square > 0, square, 1))
        write = Write(key, value, self.decay, unit, self.erase_rate * unit)
        return GeneralisedDeltaRule(written(self.matrix, write), self.decay, self.erase_rate)
