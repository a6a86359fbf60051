"""What all fast weight programmers share."""

from itertools import accumulate
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int32

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.layers import uniform
from fastweights.cells.programmers.convolution import convolve
from fastweights.cells.programmers.decays import decay_of, retention
from fastweights.cells.programmers.features import features, num_features
from fastweights.cells.programmers.options import ProgrammerOptions
from fastweights.cells.programmers.recurrence import unroll_memory
from fastweights.errors import check
from fastweights.memories.linear_attention import normalised
from fastweights.memories.writes import Write, written

_EPSILON = 1e-5


class ProgrammerState(NamedTuple):
    """The memories S (heads, value, key), and the latest projections (convolution − 1, channels) of queries,
    keys and values, the oldest first; None without a convolution."""

    memory: Float[Array, "heads value key"]
    recent: Float[Array, "past channels"] | None


class Parts(NamedTuple):
    """A projection, cut into what it is for."""

    query: Array
    key: Array
    value: Array
    write_rate: Array
    decay: Array
    output_gate: Array


class Programmer(Cell):
    """q, k, v = maps of W x(t),  S ← S Diag(a) − (S r) eᵀ + v wᵀ,  h(t) = W_o (norm(S q) ⊙ gate).

    Slow weights write fast ones: for every head, `vectors` makes of an input what is asked and what is
    written (see `Write`), each as `options` say, and `answer` what is put out. A cell with a write rule of
    its own derives from this class and overrides `vectors`; the forms of the recurrence, states, lengths,
    resets and derivatives come with it.

    All matrices are uniform in ± 1/√inputs, without biases; gains are 1.

    Shapes: x (input,), h (hidden,), S (heads, value, key).
    Raises: InvalidValueError if a size is below 1, or heads don't divide hidden_size where that gives a size.
    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174.
    """

    Options: ClassVar[type] = ProgrammerOptions

    input: Float[Array, "rows input"]
    convolution: Float[Array, "channels width"] | None
    decay_expansion: Float[Array, "gates rank"] | None
    decay: Any
    gain: Float[Array, " value"] | None
    gate_expansion: Float[Array, "values rank"] | None
    output: Float[Array, "hidden values"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    options: Any = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        options: Any = None,
        key: Array,
    ) -> None:
        check_sizes(input_size, hidden_size)
        options = self.Options() if options is None else options
        self.options = options
        self.input_size, self.hidden_size = input_size, hidden_size
        check(
            bool(options.value_size) or hidden_size % options.heads == 0,
            f"hidden_size must be a multiple of the heads, {options.heads}; got {hidden_size}",
        )
        keys = jax.random.split(key, 7)
        heads, values = options.heads, options.heads * self.value_size
        self.input = uniform(keys[0], (sum(self._rows()), input_size), input_size)
        channels, width = sum(self._rows()[:3]), options.convolution
        self.convolution = uniform(keys[1], (channels, width), width) if width else None
        units = heads * self._gates
        rank = options.decay_rank
        self.decay_expansion = uniform(keys[2], (units, rank), rank) if units and rank else None
        self.decay = decay_of(options, self._gates, input_size, key=keys[3])
        self.gain = jnp.ones(self.value_size) if options.output_norm == "rms" else None
        rank = options.output_gate_rank
        gated = options.output_gate != "none"
        self.gate_expansion = uniform(keys[4], (values, rank), rank) if gated and rank else None
        self.output = uniform(keys[5], (hidden_size, values), values)

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
        units = num_features(self.key_size, self.options)
        return self.options.heads, self.value_size + self.options.read_norm, units

    def initial_state(self) -> ProgrammerState:
        dtype, recent = self.input.dtype, None
        if self.convolution is not None:
            channels, width = self.convolution.shape
            recent = jnp.zeros((width - 1, channels), dtype)
        return ProgrammerState(jnp.zeros(self.memory_shape, dtype), recent)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T

    def step(
        self, state: ProgrammerState, projection: Float[Array, " rows"]
    ) -> tuple[ProgrammerState, Float[Array, " hidden"]]:
        recent, mixed = state.recent, projection
        if self.convolution is not None and recent is not None:
            channels = self.convolution.shape[0]
            window = jnp.concatenate([recent, projection[None, :channels]])
            mixed = self._mixed(jnp.sum(window[::-1].T * self.convolution, axis=1), projection)
            recent = window[1:]
        query, write = self.vectors(mixed)
        memory = state.memory
        for i in range(self.options.writes):
            memory = written(memory, jax.tree.map(lambda array, i=i: array[i], write))
        output = self.answer(jnp.matvec(memory, query), mixed)
        return ProgrammerState(memory, recent), output

    def unroll_together(
        self,
        projections: Float[Array, "batch time rows"],
        state: Any,
        lengths: Int32[Array, " batch"] | None,
        resets: Bool[Array, "batch time"] | None,
    ) -> tuple[Float[Array, "batch time hidden"], ProgrammerState]:
        batch, time, _ = projections.shape
        if state is None:
            state = jax.tree.map(
                lambda a: jnp.zeros((batch, *a.shape), projections.dtype), self.initial_state()
            )
        runs = None if lengths is None else (jnp.arange(time) < lengths[:, None])[..., None]
        projections = projections if runs is None else jnp.where(runs, projections, 0)
        recent, mixed = state.recent, projections
        if self.convolution is not None and recent is not None:
            channels = projections[..., : self.convolution.shape[0]]
            channels, recent = convolve(self.convolution, recent, channels, lengths, resets)
            mixed = self._mixed(channels, projections)
        query, write = jax.vmap(jax.vmap(self.vectors))(mixed)
        write = jax.tree.map(lambda a: a.reshape(batch, -1, *a.shape[3:]), write)
        answers, memory = unroll_memory(query, write, state.memory, lengths=lengths, resets=resets)
        outputs = jax.vmap(jax.vmap(self.answer))(answers, mixed)
        outputs = outputs if runs is None else jnp.where(runs, outputs, 0)
        return outputs, ProgrammerState(memory, recent)

    def vectors(self, mixed: Float[Array, " rows"]) -> tuple[Float[Array, "heads key"], Write]:
        """What each head is asked, and its writes, whose arrays are (writes, heads, …)."""
        options, parts = self.options, self.parts(mixed)
        heads, writes = options.heads, options.writes
        query = features(parts.query.reshape(heads, self.key_size), options)
        if options.scale_queries:
            query *= query.shape[-1] ** -0.5
        key = features(parts.key.reshape(writes, heads, self.key_size), options)
        value = parts.value.reshape(writes, heads, self.value_size)
        value = jax.nn.silu(value) if options.value_map == "silu" else value
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
        """The output, of what each head has read."""
        options = self.options
        if options.read_norm:
            read = normalised(read)
        if self.gain is not None:
            read = self.gain * read * jax.lax.rsqrt(jnp.mean(read * read, axis=-1, keepdims=True) + _EPSILON)
        if options.output_gate != "none":
            gate = self.parts(mixed).output_gate
            gate = gate if self.gate_expansion is None else self.gate_expansion @ gate
            read *= getattr(jax.nn, options.output_gate)(gate.reshape(read.shape))
        return self.output @ read.reshape(-1)

    def parts(self, mixed: Float[Array, " rows"]) -> Parts:
        """The projection, cut into what it is for."""
        return Parts(*jnp.split(mixed, list(accumulate(self._rows()[:-1]))))

    def step_operations(self) -> int:
        """Of each write: the decay, what is looked up, the outer products; the reading, and W_o."""
        heads, values, units = self.memory_shape
        passes = 2 + (self.options.decay != "none") + 3 * (self.options.rule == "delta")
        return heads * values * units * (passes * self.options.writes + 2) + 2 * self.output.size

    def _mixed(self, channels: Array, projection: Array) -> Array:
        """The projection with what the convolution made of queries, keys and values."""
        return jnp.concatenate([channels, projection[..., channels.shape[-1] :]], axis=-1)

    @property
    def _gates(self) -> int:
        """How many decays a head has of the input."""
        return {"scalar": 1, "vector": self.memory_shape[2]}.get(self.options.decay, 0)

    def _rows(self) -> tuple[int, ...]:
        """How many rows of W there are for each of `Parts`."""
        options = self.options
        heads, writes = options.heads, options.writes
        keys, values = heads * self.key_size, heads * self.value_size
        gates = heads * self._gates
        return (
            keys,
            writes * keys,
            writes * values,
            writes * heads * (options.rule == "delta"),
            (options.decay_rank or gates) * (gates > 0),
            (options.output_gate_rank or values) * (options.output_gate != "none"),
        )
