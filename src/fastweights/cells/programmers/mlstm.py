"""The LSTM with a matrix as its memory."""

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float

from fastweights.cells.batches import Batch
from fastweights.cells.programmers.cell import Programmer
from fastweights.cells.programmers.parts import Parts, gated_rows
from fastweights.cells.programmers.published import (
    MLSTMOptions,
)
from fastweights.memories.writes import Write
from fastweights.registry import register_cell

# Where e^{−m} is larger, what is read is nothing; the exponential of single precision ends at e⁸⁸.
_MOST = 80.0


class MLSTMState(NamedTuple):
    """The memories with their normalisers, C above nᵀ, the stabiliser m of each head, and the latest
    projections as in `ProgrammerState`."""

    memory: Float[Array, "heads value key"]
    recent: Float[Array, "past channels"] | None
    stabiliser: Float[Array, " heads"]


@register_cell("mlstm", source="Beck et al. 2024, arXiv:2405.04517")
class MLSTM(Programmer):
    """C(t) = f′ C(t−1) + i′ v kᵀ,  n(t) = f′ n(t−1) + i′ k,  y(t) = C(t) q / max(|n(t)ᵀ q|, e^{−m(t)}),
    i′ = exp(ĩ − m(t)),  f′ = σ(f̃) exp(m(t−1) − m(t)),  m(t) = max(log σ(f̃) + m(t−1), ĩ),
    ĩ = w_i x + b_i,  f̃ = w_f x + b_f,  k = W_k x / √d,  h(t) = W_o (σ(W_g x) ⊙ y).

    The input gate is an exponential; the stabiliser m keeps it finite and cancels in y. n is one more row of
    C, whose values are 1. w_i and w_f are 0 at first, b_i is drawn from N(0, 0.1²), b_f goes from 3 to 6 over
    the heads. C(0) = 0, n(0) = 0 and m(0) = 0.

    Shapes: x (input,), h (hidden,), C and n together (heads, value + 1, key), i, f and m one number a head.
    Raises: InvalidValueError if a size is below 1, or heads don't divide hidden_size where that gives a size.
    Source: Beck et al. 2024, arXiv:2405.04517, equations 19–27; 15–17 for the stabiliser.
    """

    Options: ClassVar[type] = MLSTMOptions
    undecayed: ClassVar[tuple[str, ...]] = ("input_gate_bias", "forget_gate_bias")

    input_gate_bias: Float[Array, " heads"]
    forget_gate_bias: Float[Array, " heads"]

    def __init__(self, input_size: int, hidden_size: int, *, options: Any = None, key: Array) -> None:
        key, bias_key = jax.random.split(key)
        super().__init__(input_size, hidden_size, options=options, key=key)
        heads, before = self.options.heads, sum(self.rows()[:3])
        self.input = self.input.at[before : before + 2 * heads].set(0)
        self.input_gate_bias = 0.1 * jax.random.normal(bias_key, (heads,))
        self.forget_gate_bias = jnp.linspace(3.0, 6.0, heads)

    @property
    def memory_shape(self) -> tuple[int, int, int]:
        heads, values, units = super().memory_shape
        return heads, values + 1, units

    def rows(self) -> Parts:
        return gated_rows(self.options, self.key_size, self.value_size, self.options.heads)

    # What follows from `mixed` and the initial state, which are others here.
    unroll_together = Programmer.unroll_together
    step_operations = Programmer.step_operations

    def initial_state(self) -> MLSTMState:
        stabiliser = jnp.zeros(self.options.heads, self.input.dtype)
        memory, recent = super().initial_state()
        return MLSTMState(memory, recent, stabiliser)

    def mixed(self, projection: Float[Array, " rows"], state: Any) -> tuple[Float[Array, " mixed"], Any]:
        """With log i′, log f′ and m behind it."""
        mixed, state = super().mixed(projection, state)
        write, keep = self.gates(mixed)
        kept = keep + state.stabiliser
        now = jnp.maximum(kept, write)
        return jnp.concatenate([mixed, write - now, kept - now, now]), state._replace(stabiliser=now)

    def all_mixed(self, given: Batch) -> tuple[Float[Array, "batch time mixed"], Any]:
        mixed, state = super().all_mixed(given)
        write, keep = self.gates(mixed)
        runs = given.steps()[..., None]
        starts = jnp.zeros_like(runs) if given.resets is None else given.resets[..., None] & runs
        every = _stabilisers(
            state.stabiliser, jnp.where(runs, write, -jnp.inf), jnp.where(runs, keep, 0), starts
        )
        now, kept = every[:, 1:], keep + jnp.where(starts, 0, every[:, :-1])
        mixed = jnp.concatenate([mixed, write - now, kept - now, now], axis=-1)
        return mixed, state._replace(stabiliser=every[:, -1])

    def gates(
        self, mixed: Float[Array, "*steps rows"]
    ) -> tuple[Float[Array, "*steps heads"], Float[Array, "*steps heads"]]:
        """ĩ and log σ(f̃)."""
        before, heads = sum(self.rows()[:3]), self.options.heads
        write, keep = jnp.split(mixed[..., before : before + 2 * heads], 2, axis=-1)
        return write + self.input_gate_bias, jax.nn.log_sigmoid(keep + self.forget_gate_bias)

    def vectors(self, mixed: Float[Array, " mixed"]) -> tuple[Float[Array, "heads key"], Write]:
        heads, _, units = self.memory_shape
        rows, write, keep, _ = self.cut(mixed)
        parts = self.parts(rows)
        query = self.to_query(parts.query.reshape(heads, self.key_size))
        key = self.to_key(parts.key.reshape(heads, self.key_size)) * units**-0.5
        value = self.to_value(parts.value.reshape(heads, self.value_size))
        value = jnp.concatenate([value, jnp.ones_like(value[:, :1])], axis=1)
        writes = Write(jnp.exp(write)[:, None] * key, value, jnp.exp(keep)[:, None])
        return query, jax.tree.map(lambda array: array[None], writes)

    def cut(self, mixed: Float[Array, " mixed"]) -> list[Array]:
        """The projection, log i′, log f′ and m."""
        rows, heads = sum(self.rows()), self.options.heads
        return jnp.split(mixed, [rows, rows + heads, rows + 2 * heads])

    def answer(
        self, read: Float[Array, "heads value"], mixed: Float[Array, " mixed"]
    ) -> Float[Array, " hidden"]:
        rows, _, _, stabiliser = self.cut(mixed)
        least = jnp.exp(jnp.minimum(-stabiliser, _MOST))[:, None]
        return super().answer(read[:, :-1] / jnp.maximum(jnp.abs(read[:, -1:]), least), rows)


def _stabilisers(
    first: Float[Array, "batch heads"],
    write: Float[Array, "batch time heads"],
    keep: Float[Array, "batch time heads"],
    starts: Bool[Array, "batch time 1"],
) -> Float[Array, "batch times heads"]:
    """m(0), m(1), …: m(t) = max(keep + m(t−1), write), m(t−1) being 0 where a step starts anew.

    Such steps one after the other are one again. A cumulative sum of `keep` would cancel over long sequences.
    """
    given = starts, jnp.where(starts, 0, keep), jnp.where(starts, jnp.maximum(keep, write), write)

    def both(earlier, later):
        start, keep, write = later
        joined = jnp.maximum(keep + earlier[2], write)
        return earlier[0] | start, jnp.where(start, keep, earlier[1] + keep), jnp.where(start, write, joined)

    if not write.shape[1]:
        return first[:, None]
    starts, keep, write = lax.associative_scan(both, given, axis=1)
    now = jnp.where(starts, write, jnp.maximum(keep + first[:, None], write))
    return jnp.concatenate([first[:, None], now], axis=1)
