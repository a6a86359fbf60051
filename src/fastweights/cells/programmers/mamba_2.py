"""Mamba-2: a memory whose decay and write rate are one step size."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import uniform
from fastweights.cells.programmers.cell import EPSILON, Programmer
from fastweights.cells.programmers.decays import ExponentialDecay
from fastweights.cells.programmers.parts import Parts
from fastweights.cells.programmers.published import (
    Mamba2Options,
)
from fastweights.memories.writes import Write
from fastweights.registry import register_cell


@register_cell("mamba-2", source="Dao & Gu 2024, arXiv:2405.21060")
class Mamba2(Programmer):
    """S(t) = exp(−exp(A) Δ) S(t−1) + Δ x Bᵀ,  y(t) = S(t) C + D x,  Δ = softplus(w_Δ u + b),
    x, B, C = silu(conv(W u)),  h(t) = W_o rms(y ⊙ silu(W_z u)), of the input u(t).

    A state space model with a number for its transition: x is the value, B the key and C the query, both
    shared by the heads. The norm is over the values of all heads, and comes after the gate. exp(A) is drawn
    from U(1, 16), Δ at 0 log-uniformly from [0.001, 0.1]; D is 1; the convolution's bias is uniform in
    ± 1/√width.

    Shapes: u (input,), h (hidden,), S (heads, value, key), Δ and D one number a head, B and C (key,).
    Raises: InvalidValueError if a size is below 1, or heads don't divide hidden_size where that gives a size.
    Source: Dao & Gu 2024, arXiv:2405.21060, sections 2.1 and 7.
    """

    Options: ClassVar[type] = Mamba2Options
    undecayed: ClassVar[tuple[str, ...]] = ("convolution_bias", "skip")

    convolution_bias: Float[Array, " channels"] | None
    decay: ExponentialDecay
    skip: Float[Array, " heads"]

    def __init__(self, input_size: int, hidden_size: int, *, options: Any = None, key: Array) -> None:
        key, *keys = jax.random.split(key, 3)
        super().__init__(input_size, hidden_size, options=options, key=key)
        heads, width = self.options.heads, self.options.convolution
        self.convolution_bias = uniform(keys[0], (sum(self.rows()[:3]),), width) if width else None
        self.decay = ExponentialDecay(heads, 1, least_rate=1.0, key=keys[1])
        self.skip = jnp.ones(heads)
        self.gain = None if self.gain is None else jnp.ones(heads * self.value_size)

    def rows(self) -> Parts:
        heads, values = self.options.heads, self.options.heads * self.value_size
        gated = self.options.output_gate != "none"
        gates = (self.options.output_gate_rank or values) * gated
        return Parts(self.key_size, self.key_size, values, write_rate=0, decay=heads, output_gate=gates)

    def parts(self, mixed: Float[Array, " rows"]) -> Parts:
        if self.convolution_bias is not None:
            mixed = mixed.at[: len(self.convolution_bias)].add(self.convolution_bias)
        return super().parts(mixed)

    def vectors(self, mixed: Float[Array, " rows"]) -> tuple[Float[Array, "heads key"], Write]:
        heads, _, units = self.memory_shape
        parts = self.parts(mixed)
        query, key = (
            jnp.broadcast_to(shared, (heads, units))
            for shared in (self.to_query(parts.query), self.to_key(parts.key))
        )
        x = parts.decay[:, None]
        write = Write(key, self.decay.step_sizes(x) * self.values(parts), self.decay(x))
        return query, jax.tree.map(lambda array: array[None], write)

    def values(self, parts: Parts) -> Float[Array, "heads value"]:
        """x."""
        return self.to_value(parts.value.reshape(self.options.heads, self.value_size))

    def answer(
        self, read: Float[Array, "heads value"], mixed: Float[Array, " rows"]
    ) -> Float[Array, " hidden"]:
        parts = self.parts(mixed)
        y = self.gated(read + self.skip[:, None] * self.values(parts), parts).reshape(-1)
        if self.gain is not None:
            y = self.gain * y * jax.lax.rsqrt(jnp.mean(y * y) + EPSILON)
        return self.output @ y
