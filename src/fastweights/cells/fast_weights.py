"""Fast weights: a recurrent network that attends to its recent past."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.attending import Pieces, trace_attending, unroll_attending
from fastweights.cells.base import Cell, Kernel, check_sizes
from fastweights.cells.layers import affine, layer_norm, uniform
from fastweights.errors import MAX_SCALE, check, check_between, check_choice, to_python_numbers
from fastweights.memories import DecayingMatrix
from fastweights.memories.decaying import powers
from fastweights.native import attending, calls
from fastweights.registry import register_cell
from fastweights.types import Column, Columns, Scalar


@dataclass(frozen=True)
class FastWeightsOptions:
    """Options of fast weights. Symbols are those of Ba et al. 2016."""

    decay: float = 0.9
    """λ, in [0, 1]; the paper has 0.95 in the text and 0.9 in the appendix."""

    write_rate: float = 0.5
    """η, the fast learning rate."""

    inner_steps: int = 1
    """S, the number of times the memory is read in a step; 0 leaves the memory out."""

    norm: Literal["inside", "outside", "none"] = "inside"
    """Where LN stands: LN[W h + C x + A h_s] (equation 5), LN[W h + C x] + A h_s, or nowhere. With method 2,
    h_s stands in place of W h + C x."""

    norm_sets: Literal["shared", "per-step"] = "shared"
    """One gain and bias for all inner steps, or one for each."""

    norm_bias: float = 0.25
    """The LN bias before training; a larger one, such as 1, can keep the units of small networks alive."""

    preliminary_norm: Literal["none", "shared", "separate"] = "none"
    """LN on the preliminary state h_0: none, with the inner loop's gain and bias, or with its own."""

    write_time: Literal["current", "late", "preliminary"] = "current"
    """Whether h(t+1) is computed with A(t), one step late with A(t−1), or, as some public code does, with
    λ A(t) + η h_0(t+1) h_0(t+1)ᵀ: a memory of preliminary states, to which h is never written."""

    method: Literal[1, 2] = 1
    """Appendix B: 1 sustains W h + C x in the inner loop; 2 adds the identity to A instead."""

    recurrent_scale: float = 0.05
    """W starts as recurrent_scale · I."""

    input_scale: float = 1.0
    """C is drawn uniformly from ± input_scale / √R."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("decay", self.decay, 0, 1)
        check_between("write_rate", self.write_rate, 0, MAX_SCALE)
        check_between("inner_steps", self.inner_steps, 0, 100)
        check_choice("norm", self.norm, ("inside", "outside", "none"))
        check_choice("norm_sets", self.norm_sets, ("shared", "per-step"))
        check_between("norm_bias", self.norm_bias, -MAX_SCALE, MAX_SCALE)
        check_choice("preliminary_norm", self.preliminary_norm, ("none", "shared", "separate"))
        inner_norms = self.norm != "none" and (self.norm_sets == "shared" or self.inner_steps > 0)
        check(
            self.preliminary_norm != "shared" or inner_norms,
            "preliminary_norm 'shared' needs an inner norm to share; "
            f"got norm {self.norm!r}, norm_sets {self.norm_sets!r}, inner_steps {self.inner_steps}",
        )
        check_choice("write_time", self.write_time, ("current", "late", "preliminary"))
        check_choice("method", self.method, (1, 2))
        check_between("recurrent_scale", self.recurrent_scale, 0, MAX_SCALE)
        check_between("input_scale", self.input_scale, 0, MAX_SCALE)


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
        pieces = self._pieces()
        hidden = pieces.preliminary(self.norms, summed)
        if self.write_time == "preliminary":
            memory = written = state.memory.write(hidden, hidden)
        for s in range(self.inner_steps):
            total = pieces.before(self.norms, s, summed, hidden)
            hidden = pieces.after(self.norms, s, total + memory.read(hidden))
        return FastWeightsState(hidden, written), hidden

    def unroll_in_jax(self, projections: Columns) -> Columns:
        length, units, _ = projections.shape
        # Operations a column: 4 S τ R for the τ-th step's readings, against 3 R² + 2 S R² for the matrix.
        if (
            self.write_time == "preliminary"
            or 2 * self.inner_steps * length > (3 + 2 * self.inner_steps) * units
        ):
            return super().unroll_in_jax(projections)
        return unroll_attending(self._pieces(), *self._arguments(projections))

    def step_operations(self) -> int:
        """W h, λ A + (η h) hᵀ, and A h_s for each inner step."""
        return (2 + 3 + 2 * self.inner_steps) * self.hidden_size**2

    def unroll_operations(self, length: int) -> int:
        """By the matrix, or by attention: h(τ)ᵀ h_s and its sum for each τ < t and each inner step."""
        by_matrix = (length - 1) * self.step_operations()
        matches = length * (length - 1) // 2
        by_attention = (
            length - 1
        ) * 2 * self.hidden_size**2 + 4 * self.inner_steps * matches * self.hidden_size
        return min(by_matrix, by_attention)

    def kernel(self, length: int, dtype: jnp.dtype) -> Kernel | None:
        # Beyond that the matrix is cheaper, or the T² matches take more room than its checkpoints. Attention
        # to past states alone, which kernel and `unroll_attending` are, has no place for the present one.
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
        return lambda outputs, table, tokens: attending.unroll(
            plan, outputs, table, tokens, self.recurrent, gains, biases, weights
        )

    def attention(self, projections: Columns) -> Float[Array, "time time batch"] | None:
        """Equation 4's terms η λ^(age) [h(τ)ᵀ h_s] at each step's last reading: how much of each earlier
        state (second axis) is added at each step (first axis); zero where nothing is read. None if a step
        attends to its own preliminary state too."""
        if self.write_time == "preliminary":
            return None
        arguments = self._arguments(projections)
        trace = trace_attending(self._pieces(), *arguments)
        if not trace.queries:
            return jnp.zeros((len(projections), *projections.shape[::2]), projections.dtype)
        matches = jnp.einsum("trb,qrb->tqb", trace.queries[-1], trace.hiddens)
        return jnp.tril(arguments[-1], -1)[..., None] * matches

    def _pieces(self) -> Pieces:
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

        return Pieces(preliminary, before, after)

    def _weights(self, length: int) -> Float[Array, "time time"]:
        """η λ^age: how much of the state written at each time (second axis) is read at another (first)."""
        newest = 1 if self.write_time == "current" else 2
        ages = jnp.arange(length)[:, None] - newest - jnp.arange(length)[None]
        return self.write_rate * powers(self.decay, ages)

    def _arguments(self, projections: Columns) -> tuple[int, Norms, Array, Columns, Array]:
        """What `unroll_attending` takes after the pieces."""
        length, _, batch = projections.shape
        norms = jax.tree.map(lambda p: jnp.broadcast_to(p, (*p.shape[:2], batch)), self.norms)
        return self.inner_steps, norms, self.recurrent, projections, self._weights(length)
