"""Fast weights: a recurrent network that attends to its recent past."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.attending import StepFunctions, attending_kernel, trace_attending
from fastweights.cells.base import Cell, Kernel, check_sizes
from fastweights.cells.derivatives import by_kernel
from fastweights.cells.fast_weights_options import FastWeightsOptions as FastWeightsOptions
from fastweights.cells.layers import affine, layer_norm, uniform
from fastweights.memories import DecayingMatrix
from fastweights.memories.decaying import powers
from fastweights.native import attending, calls
from fastweights.registry import register_cell
from fastweights.types import Column, Columns, Scalar


class Norms(NamedTuple):
    """Gains and biases of every layer normalisation: those of the inner loop, then h_0's own if any."""

    gains: Float[Array, "sets hidden columns"]
    biases: Float[Array, "sets hidden columns"]


class FastWeightsState(NamedTuple):
    """h(t), and the fast memory as it is before h(t) is written."""

    hidden: Column
    memory: DecayingMatrix


@register_cell("fast-weights", source="Ba, Hinton, Mnih, Leibo & Ionescu 2016, arXiv:1610.06258")
class FastWeights(Cell):
    """A(t) = λ A(t−1) + η h(t) h(t)ᵀ,
    h_0 = relu(W h(t) + C x(t)),
    h_{s+1} = relu(LN[W h(t) + C x(t) + A(t) h_s]),  h(t+1) = h_S.

    W starts at 0.05 · I, C uniform in ± 1/√R, LN gains at 1; A(0) = 0 and h(0) = 0. λ and η are traced
    numbers that training leaves alone. `step` uses the matrix A; `unroll` uses equation 4, attention to
    the past states, wherever that is cheaper.

    Shapes: x (input, batch), h (hidden, batch), A (hidden, hidden, batch).
    Raises: InvalidValueError if a size is below 1.
    Source: Ba et al. 2016, equations 1, 2, 4 and 5 and appendix B.
    """

    Options: ClassVar[type] = FastWeightsOptions
    hyperparameters: ClassVar[tuple[str, ...]] = ("decay", "write_rate")

    recurrent: Float[Array, "hidden hidden"]
    input: Float[Array, "hidden input"]
    norms: Norms
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
        sets = 0 if options.norm == "none" else 1
        if options.norm_sets == "per-step":
            sets *= options.inner_steps
        sets += options.preliminary_norm == "separate"
        gains = jnp.ones((sets, hidden_size, 1))
        self.norms = Norms(gains, options.norm_bias * gains)
        self.decay = jnp.asarray(options.decay, gains.dtype)
        self.write_rate = jnp.asarray(options.write_rate, gains.dtype)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.inner_steps = options.inner_steps
        self.norm, self.norm_sets = options.norm, options.norm_sets
        self.preliminary_norm = options.preliminary_norm
        self.write_time, self.method = options.write_time, options.method

    @classmethod
    def recommended(cls, hidden_size: int) -> FastWeightsOptions:
        """The defaults, but for fewer than 35 units; docs/defaults.md says why."""
        if hidden_size < 35:
            return FastWeightsOptions(decay=0.95, preliminary_norm="separate")
        return FastWeightsOptions()

    def initial_state(self, batch: int) -> FastWeightsState:
        hidden = jnp.zeros((self.hidden_size, batch), self.recurrent.dtype)
        size = self.hidden_size
        return FastWeightsState(hidden, DecayingMatrix.empty(size, size, batch, self.decay, self.write_rate))

    def project(self, x: Float[Array, "input *columns"]) -> Float[Array, "hidden *columns"]:
        return affine(self.input, x)

    def step(self, state: FastWeightsState, projection: Column) -> tuple[FastWeightsState, Column]:
        written = state.memory.write(state.hidden, state.hidden)
        memory = state.memory if self.write_time == "late" else written
        summed = self.recurrent @ state.hidden + projection
        functions = self._step_functions()
        hidden = functions.preliminary(self.norms, summed)
        if self.write_time == "preliminary":
            memory = written = state.memory.write(hidden, hidden)
        for s in range(self.inner_steps):
            total = functions.before(self.norms, s, summed, hidden)
            hidden = functions.after(self.norms, s, total + memory.read(hidden))
        return FastWeightsState(hidden, written), hidden

    def unroll_in_jax(self, projections: Columns) -> Columns:
        length, units, batch = projections.shape
        # Operations a column: 4 S τ R for the τ-th step's readings, against 3 R² + 2 S R² for the matrix.
        if (
            self.write_time == "preliminary"
            or 2 * self.inner_steps * length > (3 + 2 * self.inner_steps) * units
        ):
            return super().unroll_in_jax(projections)
        return by_kernel(
            lambda cell: attending_kernel(
                cell._step_functions(), cell.inner_steps, *cell._operands(length, batch)
            ),
            lambda cell, projections, _: Cell.unroll_in_jax(cell, projections),
            self,
            projections,
            (),
        )

    def step_operations(self) -> int:
        """W h, λ A + (η h) hᵀ, and A h_s for each inner step."""
        return (2 + 3 + 2 * self.inner_steps) * self.hidden_size**2

    def unroll_operations(self, length: int) -> int:
        """By the matrix, or by attention: h(τ)ᵀ h_s and its sum for each τ < t and each inner step."""
        units, steps, pairs = self.hidden_size, length - 1, length * (length - 1) // 2
        return min(
            steps * self.step_operations(), steps * 2 * units**2 + self.inner_steps * pairs * 4 * units
        )

    def kernel(self, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
        # Beyond that the matrix is cheaper, or the T² matches take more room than its checkpoints. Attention
        # to past states alone, which kernel and `attending_kernel` are, has no place for the present one.
        longest = 0 if self.write_time == "preliminary" else min(30 * self.hidden_size, 400)
        if length > longest or not calls.runs(length, dtype):
            return None
        steps = range(self.inner_steps)
        sets = tuple(s if self.norm_sets == "per-step" else 0 for s in steps)
        plan = attending.Plan(
            activation="relu",
            preliminary={"none": -1, "shared": 0, "separate": len(self.norms.gains) - 1}[
                self.preliminary_norm
            ],
            inside=sets if self.norm == "inside" else (-1,) * len(sets),
            outside=sets if self.norm == "outside" else (-1,) * len(sets),
            sustained=self.method == 1,
        )
        gains, biases = (p[..., 0] for p in self.norms)
        weights = self._weights(length)
        return attending.kernel(plan, outputs, self.recurrent, gains, biases, weights)

    def attention(self, projections: Columns) -> Float[Array, "time time batch"] | None:
        """Equation 4's terms η λ^(age) [h(τ)ᵀ h_s] at each step's last reading: how much of each earlier
        state (second axis) is added at each step (first axis); zero where nothing is read. None if a step
        attends to its own preliminary state too."""
        if self.write_time == "preliminary":
            return None
        norms, recurrent, weights = self._operands(len(projections), projections.shape[-1])
        functions = self._step_functions()
        trace = trace_attending(functions, self.inner_steps, norms, recurrent, projections, weights)
        if not trace.queries:
            return jnp.zeros((len(projections), *projections.shape[::2]), projections.dtype)
        matches = jnp.einsum("trb,qrb->tqb", trace.queries[-1], trace.hiddens)
        return jnp.tril(weights, -1)[..., None] * matches

    def _step_functions(self) -> StepFunctions:
        """The functions of a step: h_0 from u = W h + C x; what A h_s is added to; h_{s+1} from the sum."""
        # Only static fields may enter the functions, or JAX would see tracers behind its back.
        norm, preliminary_norm, method = self.norm, self.preliminary_norm, self.method
        per_step = self.norm_sets == "per-step"

        def normalise(norms: Norms, chosen: int, x: Column) -> Column:
            return layer_norm(x, norms.gains[chosen], norms.biases[chosen])

        def preliminary(norms: Norms, summed: Column) -> Column:
            if preliminary_norm == "none":
                return jax.nn.relu(summed)
            return jax.nn.relu(normalise(norms, 0 if preliminary_norm == "shared" else -1, summed))

        def before(norms: Norms, s: int, summed: Column, hidden: Column) -> Column:
            base = summed if method == 1 else hidden
            return normalise(norms, s if per_step else 0, base) if norm == "outside" else base

        def after(norms: Norms, s: int, total: Column) -> Column:
            return jax.nn.relu(normalise(norms, s if per_step else 0, total) if norm == "inside" else total)

        return StepFunctions(preliminary, before, after)

    def _weights(self, length: int) -> Float[Array, "time time"]:
        """η λ^age: how much of the state written at each time (second axis) is read at another (first)."""
        newest = 1 if self.write_time == "current" else 2
        ages = jnp.arange(length)[:, None] - newest - jnp.arange(length)[None]
        return self.write_rate * powers(self.decay, ages)

    def _operands(self, length: int, batch: int) -> tuple[Norms, Array, Array]:
        """Normalisations, W and the weights of the past, for attention to it."""
        norms = jax.tree.map(lambda p: jnp.broadcast_to(p, (*p.shape[:2], batch)), self.norms)
        return norms, self.recurrent, self._weights(length)
