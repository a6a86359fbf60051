"""Programmers whose write rule and decay are options: the published ones are sets of them."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import uniform
from fastweights.cells.programmers.cell import Programmer
from fastweights.cells.programmers.decays import decay_of, retention
from fastweights.cells.programmers.options import RuledOptions
from fastweights.cells.programmers.parts import Parts, ruled_rows
from fastweights.memories.linear_attention import normalised
from fastweights.memories.writes import Write


class RuledProgrammer(Programmer):
    """S ← S Diag(a) + v kᵀ,  or  S ← S Diag(a) + β (v − S Diag(a) k) kᵀ;  h(t) = W_o (norm(S q) ⊙ gate).

    q, k, v = maps of W x(t); a and the write rate β come from x(t), too. Options say which rule it is, what
    the decay is like, and how many pairs are written at each step.

    Shapes: x (input,), h (hidden,), S (heads, value, key), with one value more for `read_norm`.
    Raises: InvalidValueError if a size is below 1, or heads don't divide hidden_size where that gives a size.
    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174; Yang et al. 2024, arXiv:2412.06464.
    """

    Options: ClassVar[type] = RuledOptions

    decay_expansion: Float[Array, "gates rank"] | None
    decay: Any

    def __init__(self, input_size: int, hidden_size: int, *, options: Any = None, key: Array) -> None:
        key, *keys = jax.random.split(key, 3)
        super().__init__(input_size, hidden_size, options=options, key=key)
        units, rank = self.options.heads * self.gates, self.options.decay_rank
        self.decay_expansion = uniform(keys[0], (units, rank), rank) if units and rank else None
        self.decay = decay_of(self.options, self.gates, input_size, key=keys[1])

    @property
    def memory_shape(self) -> tuple[int, int, int]:
        heads, values, units = super().memory_shape
        return heads, values + self.options.read_norm, units

    @property
    def gates(self) -> int:
        """How many decays a head has of the input."""
        return {"scalar": 1, "vector": self.memory_shape[2]}.get(self.options.decay, 0)

    def rows(self) -> Parts:
        return ruled_rows(self.options, self.key_size, self.value_size, self.gates)

    def vectors(self, mixed: Float[Array, " rows"]) -> tuple[Float[Array, "heads key"], Write]:
        options, parts = self.options, self.parts(mixed)
        heads, writes = options.heads, options.writes
        query = self.to_query(parts.query.reshape(heads, self.key_size))
        key = self.to_key(parts.key.reshape(writes, heads, self.key_size))
        value = self.to_value(parts.value.reshape(writes, heads, self.value_size))
        if options.read_norm:
            value = jnp.concatenate([value, jnp.ones_like(value[..., :1])], axis=-1)
        decay = self.kept(parts)
        if options.rule == "additive":
            return query, Write(key, value, decay)
        rate = options.max_write_rate * jax.nn.sigmoid(parts.write_rate.reshape(writes, heads, 1))
        # The write rule looks up what the memory has after the decay.
        return query, Write(rate * key, value, decay, key if decay is None else decay * key)

    def kept(self, parts: Parts) -> Float[Array, "writes heads gates"] | None:
        """What is kept of the memory before each write: all of it before all but the first one of a step."""
        heads, writes = self.options.heads, self.options.writes
        if self.options.decay == "none":
            return None
        if self.options.decay == "constant":
            decay = jnp.asarray(retention(heads), parts.key.dtype)[:, None]
        else:
            x = parts.decay if self.decay_expansion is None else self.decay_expansion @ parts.decay
            decay = self.decay(x.reshape(heads, -1))
        return jnp.concatenate([decay[None], jnp.ones((writes - 1, *decay.shape), decay.dtype)])

    def answer(
        self, read: Float[Array, "heads value"], mixed: Float[Array, " rows"]
    ) -> Float[Array, " hidden"]:
        return super().answer(normalised(read) if self.options.read_norm else read, mixed)

    def further_matrices(self) -> tuple[Array | None, ...]:
        return (self.decay_expansion,)
