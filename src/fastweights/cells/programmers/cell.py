"""What all fast weight programmers share."""

from abc import abstractmethod
from itertools import accumulate
from math import prod
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.batches import Batch
from fastweights.cells.convolution import convolve, convolve_step, nothing_before
from fastweights.cells.layers import uniform
from fastweights.cells.programmers.features import features, num_features
from fastweights.cells.programmers.options import ProgrammerOptions
from fastweights.cells.programmers.parts import Parts
from fastweights.cells.programmers.recurrence import unroll_memory
from fastweights.errors import check
from fastweights.memories.writes import Write, written

EPSILON = 1e-5
"""Of norms of what is read."""


class ProgrammerState(NamedTuple):
    """The memories S (heads, value, key), and the latest projections (convolution − 1, channels) of queries,
    keys and values, the oldest first; None without a convolution."""

    memory: Float[Array, "heads value key"]
    recent: Float[Array, "past channels"] | None


class Programmer(Cell):
    """q, k, v = maps of W x(t),  S ← S Diag(a) − (S r) eᵀ + v wᵀ,  h(t) = W_o (norm(S q) ⊙ gate).

    Slow weights write fast ones: for every head, `vectors` makes of an input what is asked and what is
    written (see `Write`), and `answer` what is put out. A cell with a write rule of its own derives from this
    class and defines `vectors`, and `rows`, how many rows of W there are for each of its parts; the forms of
    the recurrence, states, lengths, resets and derivatives come with it. `RuledProgrammer` has the published
    rules as options.

    All matrices are uniform in ± 1/√inputs, without biases; gains are 1.

    Shapes: x (input,), h (hidden,), S (heads, value, key).
    Raises: InvalidValueError if a size is below 1, or heads don't divide hidden_size where that gives a size.
    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174.
    """

    Options: ClassVar[type] = ProgrammerOptions
    undecayed: ClassVar[tuple[str, ...]] = ("gain", "norm_bias")

    input: Float[Array, "rows input"]
    convolution: Float[Array, "channels width"] | None
    gain: Float[Array, "*heads values_of_norm"] | None
    norm_bias: Float[Array, "heads values_of_norm"] | None
    gate_expansion: Float[Array, "values rank"] | None
    output: Float[Array, "hidden values"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    options: Any = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, *, options: Any = None, key: Array) -> None:
        check_sizes(input_size, hidden_size)
        options = self.Options() if options is None else options
        self.options = options
        self.input_size, self.hidden_size = input_size, hidden_size
        check(
            bool(options.value_size) or hidden_size % options.heads == 0,
            f"hidden_size must be a multiple of the heads, {options.heads}; got {hidden_size}",
        )
        keys = jax.random.split(key, 4)
        values, rows = options.heads * self.value_size, self.rows()
        self.input = uniform(keys[0], (sum(rows), input_size), input_size)
        channels, width = sum(rows[:3]), options.convolution
        self.convolution = uniform(keys[1], (channels, width), width) if width else None
        each = (options.heads, self.value_size)
        gains = {"none": None, "rms": jnp.ones(self.value_size), "layer": jnp.ones(each)}
        self.gain = gains[options.output_norm]
        self.norm_bias = jnp.zeros(each) if options.output_norm == "layer" else None
        rank = options.output_gate_rank
        gated = options.output_gate != "none"
        self.gate_expansion = uniform(keys[2], (values, rank), rank) if gated and rank else None
        self.output = uniform(keys[3], (hidden_size, values), values)

    @property
    def value_size(self) -> int:
        """Units of a head's values."""
        return self.options.value_size or self.hidden_size // self.options.heads

    @property
    def key_size(self) -> int:
        """Units of a head's keys, before the key map."""
        return self.options.key_size or self.value_size

    @property
    def memory_shape(self) -> tuple[int, int, int]:
        """Of S: heads, values and features."""
        return self.options.heads, self.value_size, num_features(self.key_size, self.options)

    @property
    def epsilon(self) -> float:
        """Of the norm of what is read."""
        return EPSILON

    @abstractmethod
    def rows(self) -> Parts:
        """How many rows of W there are for each part; the first three are mixed by the convolution."""

    @abstractmethod
    def vectors(self, mixed: Float[Array, " mixed"]) -> tuple[Float[Array, "heads key"], Write]:
        """What each head is asked, and its writes, whose arrays are (writes, heads, …)."""

    def initial_state(self) -> Any:
        dtype = self.input.dtype
        recent = None if self.convolution is None else nothing_before(self.convolution, dtype)
        return ProgrammerState(jnp.zeros(self.memory_shape, dtype), recent)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T

    def step(self, state: Any, projection: Float[Array, " rows"]) -> tuple[Any, Float[Array, " hidden"]]:
        mixed, state = self.mixed(projection, state)
        query, write = self.vectors(mixed)
        memory = state.memory
        for i in range(len(write.key)):
            memory = written(memory, jax.tree.map(lambda array, i=i: array[i], write))
        return state._replace(memory=memory), self.answer(jnp.matvec(memory, query), mixed)

    def unroll_together(self, given: Batch) -> tuple[Float[Array, "batch time hidden"], Any]:
        given = given.without_padding()
        is_new = given.state is None
        if is_new:
            given = given._replace(state=self.states(given.projections))
        mixed, state = self.all_mixed(given)
        query, write = jax.vmap(jax.vmap(self.vectors))(mixed)
        write = jax.tree.map(lambda a: a.reshape(len(a), a.shape[1] * a.shape[2], *a.shape[3:]), write)
        answers, memory = unroll_memory(
            query, write, None if is_new else state.memory, lengths=given.lengths, resets=given.resets
        )
        outputs = jax.vmap(jax.vmap(self.answer))(answers, mixed)
        return jnp.where(given.steps()[..., None], outputs, 0), state._replace(memory=memory)

    def states(self, projections: Float[Array, "batch time rows"]) -> Any:
        """The initial states of so many sequences."""
        batch, dtype = len(projections), projections.dtype
        return jax.tree.map(lambda a: jnp.zeros((batch, *a.shape), dtype), self.initial_state())

    def mixed(self, projection: Float[Array, " rows"], state: Any) -> tuple[Float[Array, " mixed"], Any]:
        """The projection after the convolution, and the state but for the memory's step."""
        if self.convolution is None or state.recent is None:
            return projection, state
        channels, rest = jnp.split(projection, [len(self.convolution)])
        channels, recent = convolve_step(self.convolution, state.recent, channels)
        return jnp.concatenate([channels, rest]), state._replace(recent=recent)

    def all_mixed(self, given: Batch) -> tuple[Float[Array, "batch time mixed"], Any]:
        """`mixed` of all steps of a batch without padding, from a state that is given."""
        projections, state, lengths, resets = given
        if self.convolution is None or state.recent is None:
            return projections, state
        channels, rest = jnp.split(projections, [len(self.convolution)], axis=-1)
        channels, recent = convolve(self.convolution, state.recent, channels, lengths, resets)
        return jnp.concatenate([channels, rest], axis=-1), state._replace(recent=recent)

    def to_query(self, x: Float[Array, "*shape key"]) -> Float[Array, "*shape features"]:
        """What the memory is asked: mapped, normed and scaled."""
        query = features(x, self.options)
        return query * query.shape[-1] ** -0.5 if self.options.scale_queries else query

    def to_key(self, x: Float[Array, "*shape key"]) -> Float[Array, "*shape features"]:
        """What is written under: mapped and normed."""
        return features(x, self.options)

    def to_value(self, x: Float[Array, "*shape value"]) -> Float[Array, "*shape value"]:
        """What is written."""
        return jax.nn.silu(x) if self.options.value_map == "silu" else x

    def answer(
        self, read: Float[Array, "heads value"], mixed: Float[Array, " mixed"]
    ) -> Float[Array, " hidden"]:
        """The output, of what each head has read."""
        return self.output @ self.gated(self.normed(read), self.parts(mixed)).reshape(-1)

    def normed(self, read: Float[Array, "heads value"]) -> Float[Array, "heads value"]:
        """What is read over the root of its mean square, in each head; without its mean before."""
        if self.gain is None:
            return read
        if self.norm_bias is not None:
            read -= jnp.mean(read, axis=-1, keepdims=True)
        read = self.gain * read * jax.lax.rsqrt(jnp.mean(read * read, axis=-1, keepdims=True) + self.epsilon)
        return read if self.norm_bias is None else read + self.norm_bias

    def gated(self, read: Float[Array, "heads value"], parts: Parts) -> Float[Array, "heads value"]:
        """What is read, as far as the output gate lets it pass."""
        if self.options.output_gate == "none":
            return read
        gate = parts.output_gate
        gate = gate if self.gate_expansion is None else self.gate_expansion @ gate
        return read * getattr(jax.nn, self.options.output_gate)(gate.reshape(read.shape))

    def parts(self, mixed: Float[Array, " rows"]) -> Parts:
        """The projection, cut into what it is for."""
        return Parts(*jnp.split(mixed, list(accumulate(self.rows()[:-1]))))

    def step_operations(self) -> int:
        """Of each write: the decay, what is looked up and erased, the outer product; the reading; and the
        matrices behind the projection."""
        projection = jax.ShapeDtypeStruct((sum(self.rows()),), self.input.dtype)
        mixed, _ = eqx.filter_eval_shape(self.mixed, projection, self.initial_state())
        _, write = eqx.filter_eval_shape(self.vectors, mixed)
        passes = (
            2 + (write.decay is not None) + 2 * (write.lookup is not None) + 2 * (write.erase is not None)
        )
        matrices = self.convolution, self.gate_expansion, self.output, *self.further_matrices()
        numbers = sum(matrix.size for matrix in matrices if matrix is not None)
        return prod(self.memory_shape) * (passes * len(write.key) + 2) + 2 * numbers

    def further_matrices(self) -> tuple[Array | None, ...]:
        """Those that `vectors` multiplies with."""
        return ()
