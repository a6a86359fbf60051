"""Fast weights: a recurrent network that attends to its recent past."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Integer

from fastweights.cells import fast_weights_kernel
from fastweights.cells.base import AttentionText, Cell, check_sizes
from fastweights.cells.layers import Norms, layer_norm, uniform
from fastweights.cells.options.fast_weights import FastWeightsOptions as FastWeightsOptions
from fastweights.memories import DecayingMatrix
from fastweights.memories.decaying import powers
from fastweights.native.calls import Kernel
from fastweights.registry import register_cell
from fastweights.types import Scalar, Vector


class FastWeightsState(NamedTuple):
    """h(t), and the fast memory A as it is before h(t) is written."""

    hidden: Vector
    memory: Float[Array, "hidden hidden"]


@register_cell("fast-weights", source="Ba, Hinton, Mnih, Leibo & Ionescu 2016, arXiv:1610.06258")
class FastWeights(Cell):
    """A(t) = λ A(t−1) + η h(t) h(t)ᵀ,
    h_0 = relu(W h(t) + C x(t)),
    h_{s+1} = relu(LN[W h(t) + C x(t) + A(t) h_s]),  h(t+1) = h_S.

    W starts at 0.05 · I, C uniform in ± 1/√R, LN gains at 1; A(0) = 0 and h(0) = 0. λ and η are traced
    numbers that training leaves alone. `step` uses the matrix A; `unroll` uses equation 4, attention to
    the past states, wherever that is cheaper: for short sequences, and within chunks of long ones.

    Shapes: x (input,), h (hidden,), A (hidden, hidden).
    Raises: InvalidValueError if a size is below 1.
    Source: Ba et al. 2016, equations 1, 2, 4 and 5 and appendix B.
    """

    Options: ClassVar[type] = FastWeightsOptions
    hyperparameters: ClassVar[tuple[str, ...]] = ("decay", "write_rate")
    attention_text: ClassVar[AttentionText | None] = AttentionText(
        "the state after each symbol (Ba et al. 2016, equation 4)",
        "A state also depends on the symbols before it, so that a pair is read after its second symbol.",
    )

    recurrent: Float[Array, "hidden hidden"]
    input: Float[Array, "hidden input"]
    norms: Norms  # those of the inner loop, then h_0's own if any
    decay: Scalar
    write_rate: Scalar
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    inner_steps: int = eqx.field(static=True)
    norm: str = eqx.field(static=True)
    norm_sets: str = eqx.field(static=True)
    preliminary_norm: str = eqx.field(static=True)
    write_time: str = eqx.field(static=True)
    method: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        options: FastWeightsOptions = FastWeightsOptions(),
        key: Array,
    ) -> None:
        check_sizes(input_size, hidden_size)
        self.recurrent = options.recurrent_scale * jnp.eye(hidden_size)
        self.input = uniform(key, (hidden_size, input_size), hidden_size, options.input_scale)
        sets = options.inner_steps if options.norm_sets == "per-step" else 1
        sets *= options.norm != "none"
        sets += options.preliminary_norm == "separate"
        gains = jnp.ones((sets, hidden_size))
        self.norms = Norms(gains, options.norm_bias * gains)
        self.decay = jnp.asarray(options.decay, gains.dtype)
        self.write_rate = jnp.asarray(options.write_rate, gains.dtype)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.norm, self.norm_sets = options.norm, options.norm_sets
        self.inner_steps, self.preliminary_norm = options.inner_steps, options.preliminary_norm
        self.write_time, self.method = options.write_time, options.method

    @classmethod
    def recommended(cls, hidden_size: int) -> FastWeightsOptions:
        """The defaults, but for fewer than 35 units; docs/defaults.md says why."""
        if hidden_size < 35:
            return FastWeightsOptions(decay=0.95, preliminary_norm="separate")
        return FastWeightsOptions()

    def initial_state(self) -> FastWeightsState:
        nothing = jnp.zeros_like(self.recurrent)
        return FastWeightsState(nothing[0], nothing)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " hidden"]:
        return x @ self.input.T

    def step(self, state: FastWeightsState, projection: Vector) -> tuple[FastWeightsState, Vector]:
        memory = DecayingMatrix(state.memory, self.decay, self.write_rate)
        summed = self.recurrent @ state.hidden + projection
        preliminary = self._preliminary(summed)
        stored = preliminary if self.write_time == "preliminary" else state.hidden
        written = memory.write(stored, stored)
        used = memory if self.write_time == "late" else written
        hidden, _ = self._inner_loop(summed, preliminary, used.read)
        return FastWeightsState(hidden, written.matrix), hidden

    def unroll_in_jax(
        self,
        projections: Float[Array, "time hidden"],
        state: FastWeightsState | None = None,
        valid: Bool[Array, " time"] | None = None,
        resets: Bool[Array, " time"] | None = None,
    ) -> tuple[Float[Array, "time hidden"], FastWeightsState]:
        length, units, steps = *projections.shape, self.inner_steps
        # Operations: 4 S τ R for the τ-th step's readings, against 3 R² + 2 S R² for the matrix.
        cheaper = 2 * steps * length <= (3 + 2 * steps) * units and self.write_time != "preliminary"
        if not cheaper or state is not None or valid is not None or resets is not None:
            return super().unroll_in_jax(projections, state, valid, resets)
        hiddens, _ = self._attend(projections)
        memory = self.memory_after(hiddens, None, jnp.asarray(length), None)
        return hiddens, FastWeightsState(hiddens[-1], memory)

    def kernel(self, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
        return fast_weights_kernel.kernel(self, length, outputs, dtype)

    def memory_after(
        self,
        hiddens: Float[Array, "time hidden"],
        state: FastWeightsState | None,
        length: Integer[Array, ""],
        resets: Bool[Array, " time"] | None,
    ) -> Float[Array, "hidden hidden"]:
        """A after so many steps from a state: of what was written since the last reset. h(length) is not."""
        times, begin = jnp.arange(len(hiddens)), -1
        if resets is not None:
            begin = jnp.max(jnp.where(resets & (times < length), times, -1))
        decay = self.decay.astype(hiddens.dtype)
        weights = self.write_rate * powers(decay, length - 2 - times)
        hiddens = jnp.where((times >= begin)[:, None], hiddens, 0)
        memory = (weights[:, None] * hiddens).T @ hiddens
        if state is None:
            return memory
        written = self.write_rate * powers(decay, length - 1) * jnp.outer(state.hidden, state.hidden)
        return memory + jnp.where(begin < 0, powers(decay, length) * state.memory + written, 0)

    def step_operations(self) -> int:
        """W h, λ A + (η h) hᵀ, and A h_s for each inner step."""
        return (2 + 3 + 2 * self.inner_steps) * self.hidden_size**2

    def unroll_operations(self, length: int) -> int:
        """By the matrix, or by attention: h(τ)ᵀ h_s and its sum for each τ < t and each inner step."""
        units, steps, pairs = self.hidden_size, length - 1, length * (length - 1) // 2
        return min(
            steps * self.step_operations(), steps * 2 * units**2 + self.inner_steps * pairs * 4 * units
        )

    def attention(self, projections: Float[Array, "time hidden"]) -> Float[Array, "time time"] | None:
        """Equation 4's terms η λ^(age) [h(τ)ᵀ h_s] at each step's last reading: how much of each earlier
        state (second axis) is added at each step (first axis); zero where nothing is read. None if a step
        attends to its own preliminary state too."""
        if self.write_time == "preliminary":
            return None
        hiddens, queries = self._attend(projections)
        return self._weights(len(projections), projections.dtype) * (queries @ hiddens.T)

    def _attend(
        self, projections: Float[Array, "time hidden"]
    ) -> tuple[Float[Array, "time hidden"], Float[Array, "time hidden"]]:
        """h(t), and the last h_s that is read with, by equation 4: A h_s = Σ_τ w(t, τ) h(τ) [h(τ)ᵀ h_s].

        It keeps T² R numbers for the derivative, where the matrix keeps T R².
        """

        def step(carry, now):
            hidden, past, t = carry
            projection, weights = now
            summed = self.recurrent @ hidden + projection
            hidden, query = self._inner_loop(
                summed, self._preliminary(summed), lambda query: (weights * (past @ query)) @ past
            )
            return (hidden, lax.dynamic_update_index_in_dim(past, hidden, t, 0), t + 1), (hidden, query)

        weights = self._weights(len(projections), projections.dtype)
        first = jnp.zeros_like(projections[0]), jnp.zeros_like(projections), 0
        return lax.scan(step, first, (projections, weights))[1]

    def _preliminary(self, summed: Vector) -> Vector:
        """h_0 from u = W h + C x."""
        if self.preliminary_norm == "none":
            return jax.nn.relu(summed)
        return jax.nn.relu(self._normalise(0 if self.preliminary_norm == "shared" else -1, summed))

    def _inner_loop(
        self, summed: Vector, hidden: Vector, read: Callable[[Vector], Vector]
    ) -> tuple[Vector, Vector]:
        """h_S from u, h_0 and the memory; and h_{S−1}, the last that it was asked for, zero if it was not."""
        query = jnp.zeros_like(hidden)
        for s in range(self.inner_steps):
            query, norms = hidden, s if self.norm_sets == "per-step" else 0
            base = summed if self.method == 1 else hidden
            if self.norm == "outside":
                base = self._normalise(norms, base)
            total = base + read(query)
            hidden = jax.nn.relu(self._normalise(norms, total) if self.norm == "inside" else total)
        return hidden, query

    def _normalise(self, chosen: int, x: Vector) -> Vector:
        return layer_norm(x, self.norms.gains[chosen], self.norms.biases[chosen])

    @property
    def newest(self) -> int:
        """How many steps before the present one the newest state was written that a step reads."""
        return 2 if self.write_time == "late" else 1

    def _weights(self, length: int, dtype: jnp.dtype) -> Float[Array, "time times"]:
        """η λ^age: what the state written at each time (second axis) counts at another (first axis)."""
        times = jnp.arange(length)
        return self.write_rate * powers(self.decay.astype(dtype), times[:, None] - self.newest - times)
