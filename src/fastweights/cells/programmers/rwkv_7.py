"""RWKV-7: a delta rule that takes away under one key, of each unit a share, and writes under another."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.batches import Batch
from fastweights.cells.programmers.cell import EPSILON, Programmer
from fastweights.cells.programmers.parts import Parts, gated_rows
from fastweights.cells.programmers.published import (
    RWKV7Options,
)
from fastweights.memories.writes import Write
from fastweights.registry import register_cell


@register_cell("rwkv-7", source="Peng et al. 2025, arXiv:2503.14456")
class RWKV7(Programmer):
    """S(t) = S(t−1) Diag(w) − (S(t−1) κ̂) (a ⊙ κ̂)ᵀ + v k̃ᵀ,  y(t) = LN(S(t) r) + (rᵀ (ρ ⊙ k̃)) v,
    w = exp(−e^{−1/2} σ(w₀ + W₂ tanh(W₁ x))),  a = σ(a₀ + A₂ A₁ x),  κ̂ = ξ ⊙ k / ‖ξ ⊙ k‖,
    k̃ = k ⊙ (1 + (a − 1) ⊙ α),  h(t) = W_o (y ⊙ G₂ σ(G₁ x));  r, k, v = W x.

    The core of the time mixing: the mixing of x with the input before (token shift) and of v with the first
    layer's (value residual) are left out; `convolution` stands in for the former. LN is over each head, with
    ε = 1e-5 for each of its values.

    The vectors w₀, a₀, ξ, α, ρ begin as in the reference implementation's first layer: w₀ and a₀ go up over
    the units and in each head, ξ from 0.76 down to 0.66, α = 1.02, ρ = −0.04; so do the matrices: W_r and W_v
    uniform in ± 1/2 √inputs, W_k in a tenth of it, W₁, A₁ and G₁ are 0, and W₂, A₂, G₂ a tenth of orthogonal
    ones. W_o is uniform as in other programmers, not 0, since there may be no other path around it.

    Shapes: x (input,), h (hidden,), S (heads, value, key), r, w, a, κ̂, k̃, ξ, α and ρ (heads, key).
    Raises: InvalidValueError if a size is below 1, or heads don't divide hidden_size where that gives a size.
    Source: Peng et al. 2025, arXiv:2503.14456, equations 3–26; initial values: BlinkDL/RWKV-LM.
    """

    Options: ClassVar[type] = RWKV7Options
    undecayed: ClassVar[tuple[str, ...]] = ("decay_bias", "rate_bias", "removal", "replacement", "bonus")

    decay_expansion: Float[Array, "units rank"]
    rate_expansion: Float[Array, "units rank"]
    decay_bias: Float[Array, "heads key"]
    rate_bias: Float[Array, "heads key"]
    removal: Float[Array, "heads key"]
    replacement: Float[Array, "heads key"]
    bonus: Float[Array, "heads key"]

    def __init__(self, input_size: int, hidden_size: int, *, options: Any = None, key: Array) -> None:
        key, *keys = jax.random.split(key, 4)
        super().__init__(input_size, hidden_size, options=options, key=key)
        heads, _, units = self.memory_shape
        query, keyed, value, *others = self.rows()
        scales = [0.5] * query + [0.05] * keyed + [0.5] * value + [0.0] * sum(others)
        self.input *= jnp.asarray(scales)[:, None]
        self.decay_expansion = _orthogonal(keys[0], (heads * units, self.options.rank))
        self.rate_expansion = _orthogonal(keys[1], (heads * units, self.options.rank))
        if self.gate_expansion is not None:
            self.gate_expansion = _orthogonal(keys[2], self.gate_expansion.shape)
        share, place = _places(heads, units)
        self.decay_bias = -6 + 6 * share + 0.5 + 2.5 * place
        self.rate_bias = -0.19 + 0.3 * place + 0.4 * (share - 0.5)
        self.removal = 0.71 - 0.1 * (share - 0.5)
        self.replacement = jnp.full((heads, units), 1.02, float)
        self.bonus = jnp.full((heads, units), -0.04, float)

    @property
    def epsilon(self) -> float:
        return EPSILON * self.value_size

    def rows(self) -> Parts:
        return gated_rows(self.options, self.key_size, self.value_size, self.options.rank)

    def mixed(self, projection: Float[Array, " rows"], state: Any) -> tuple[Float[Array, " mixed"], Any]:
        """With a behind it."""
        mixed, state = super().mixed(projection, state)
        return self.with_rates(mixed), state

    def all_mixed(self, given: Batch) -> tuple[Float[Array, "batch time mixed"], Any]:
        mixed, state = super().all_mixed(given)
        return self.with_rates(mixed), state

    def with_rates(self, mixed: Float[Array, "*steps rows"]) -> Float[Array, "*steps mixed"]:
        """The projection, and a of all heads."""
        begin, rank = sum(self.rows()[:3]), self.options.rank
        rates = mixed[..., begin : begin + rank] @ self.rate_expansion.T + self.rate_bias.reshape(-1)
        return jnp.concatenate([mixed, jax.nn.sigmoid(rates)], axis=-1)

    def vectors(self, mixed: Float[Array, " mixed"]) -> tuple[Float[Array, "heads key"], Write]:
        parts, rate = self.cut(mixed)
        key = self.to_key(parts.key.reshape(self.options.heads, self.key_size))
        removal = self.removal * key
        # The largest of the two, as the square: the root of 0 has no derivative.
        removal *= jax.lax.rsqrt(jnp.maximum(jnp.sum(removal * removal, axis=-1, keepdims=True), 1e-24))
        decay = (self.decay_expansion @ jnp.tanh(parts.decay)).reshape(key.shape) + self.decay_bias
        decay = jnp.exp(-(np.e**-0.5) * jax.nn.sigmoid(decay))
        write = Write(self.key(parts, rate), self.value(parts), decay, removal, rate * removal)
        return self.query(parts), jax.tree.map(lambda array: array[None], write)

    def cut(self, mixed: Float[Array, " mixed"]) -> tuple[Parts, Float[Array, "heads key"]]:
        """The parts of the projection, and a."""
        rows, rates = jnp.split(mixed, [sum(self.rows())])
        return self.parts(rows), rates.reshape(self.decay_bias.shape)

    def query(self, parts: Parts) -> Float[Array, "heads key"]:
        """r."""
        return self.to_query(parts.query.reshape(self.options.heads, self.key_size))

    def key(self, parts: Parts, rate: Float[Array, "heads key"]) -> Float[Array, "heads key"]:
        """k̃."""
        key = self.to_key(parts.key.reshape(self.options.heads, self.key_size))
        return key * (1 + (rate - 1) * self.replacement)

    def value(self, parts: Parts) -> Float[Array, "heads value"]:
        """v."""
        return self.to_value(parts.value.reshape(self.options.heads, self.value_size))

    def answer(
        self, read: Float[Array, "heads value"], mixed: Float[Array, " mixed"]
    ) -> Float[Array, " hidden"]:
        parts, rate = self.cut(mixed)
        now = jnp.sum(self.query(parts) * self.bonus * self.key(parts, rate), axis=-1, keepdims=True)
        now *= self.value(parts)
        return self.output @ self.gated(self.normed(read) + now, parts).reshape(-1)

    def gated(self, read: Float[Array, "heads value"], parts: Parts) -> Float[Array, "heads value"]:
        """As in other programmers, but that the gate's function comes before its expansion."""
        if self.options.output_gate == "none":
            return read
        gate = getattr(jax.nn, self.options.output_gate)(parts.output_gate)
        gate = gate if self.gate_expansion is None else self.gate_expansion @ gate
        return read * gate.reshape(read.shape)

    def further_matrices(self) -> tuple[Array | None, ...]:
        return self.decay_expansion, self.rate_expansion


def _orthogonal(key: Array, shape: tuple[int, ...]) -> Float[Array, "units rank"]:
    """A tenth of a matrix with orthogonal rows or columns, longer ones if the rank is above the units."""
    units, rank = shape
    return jax.nn.initializers.orthogonal(0.1 * max(1, rank / units) ** 0.5)(key, shape)


def _places(heads: int, units: int) -> tuple[Float[Array, "heads units"], Float[Array, "heads units"]]:
    """How far a unit is among all of them, from 0 to 1; and the square of how far in its head, from −1 to 1
    with its sign."""
    number = jnp.arange(heads * units).reshape(heads, units)
    middle = (units - 1) / 2
    place = (number % units - middle) / max(middle, 1)
    return number / max(1, heads * units - 1), place * jnp.abs(place)
