"""Causal multi-head softmax attention as a recurrent cell: its state is what it has kept of the past."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Bool, Float, Int32

from fastweights.cells.base import AttentionText, Cell, check_sizes
from fastweights.cells.batches import Batch
from fastweights.cells.convolution import convolve, convolve_step, nothing_before
from fastweights.cells.layers import uniform
from fastweights.cells.options.heads import check_heads
from fastweights.cells.options.softmax_attention import SHORTEST_CHUNK
from fastweights.cells.options.softmax_attention import SoftmaxAttentionOptions as SoftmaxAttentionOptions
from fastweights.cells.sequences import as_type
from fastweights.registry import register_cell
from fastweights.types import Scalar, Vector


class SoftmaxAttentionState(NamedTuple):
    """Keys and values of the latest steps, each (window, hidden), the newest last, and how many of them have
    been filled: a whole number, in the type of the others. The latest projections W x, (convolution − 1,
    3 hidden), the oldest first; None without a convolution."""

    keys: Float[Array, "window hidden"]
    values: Float[Array, "window hidden"]
    filled: Scalar
    recent: Float[Array, "past rows"] | None


@register_cell("softmax-attention", source="Vaswani et al. 2017, arXiv:1706.03762")
class SoftmaxAttention(Cell):
    """[k; v; q](t) = W x(t),  y(t) = Σ_τ softmax_τ(q(t)ᵀ k(τ) / √d) v(τ),  h(t) = W_o y(t),

    with τ from t − window + 1 to t, or from the first step. With H heads, k, v and q have H parts of
    d = hidden / H units each; every part is an attention of its own, and y has their answers one after the
    other. The state is 2 window R + 1 numbers, most of them zeros at first: a whole sequence is computed
    without them, as products of matrices, in chunks if it is longer than the window.

    There are no positions, as in the attention layers of Irie et al. 2021: within the window, the order of
    earlier steps is seen only through other layers, or through a convolution, which first mixes W x over the
    latest steps, as in the fast weight programmers. Vaswani et al. add sinusoids to a model's inputs.
    W and W_o have no biases and are uniform in ± 1/√inputs, as the convolution is.

    Shapes: x (input,), keys and values (window, hidden), h (hidden,).
    Raises: InvalidValueError if a size is below 1, or hidden_size no multiple of heads.
    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1 and section 3.2.2; initial weights as in the
    reference implementation of Irie, Schlag, Csordás & Schmidhuber 2021, IDSIA/recurrent-fwp.
    """

    Options: ClassVar[type] = SoftmaxAttentionOptions
    attention_text: ClassVar[AttentionText | None] = AttentionText(
        "each symbol (the softmax of Vaswani et al. 2017, equation 1; the mean over its heads)",
        "Without a convolution, a single layer reads each symbol alone: it does not know which symbols are "
        "neighbours.",
    )

    input: Float[Array, "rows input"]
    convolution: Float[Array, "rows width"] | None
    output: Float[Array, "hidden hidden"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)
    window: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        options: SoftmaxAttentionOptions = SoftmaxAttentionOptions(),
        key: Array,
    ) -> None:
        check_sizes(input_size, hidden_size)
        check_heads(hidden_size, options.heads)
        input_key, output_key, convolution_key = jax.random.split(key, 3)
        rows, width = 3 * hidden_size, options.convolution
        self.input = uniform(input_key, (rows, input_size), input_size)
        self.convolution = uniform(convolution_key, (rows, width), width) if width else None
        self.output = uniform(output_key, (hidden_size, hidden_size), hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.heads, self.window = options.heads, options.window

    def initial_state(self) -> SoftmaxAttentionState:
        dtype = self.input.dtype
        recent = None if self.convolution is None else nothing_before(self.convolution, dtype)
        nothing = jnp.zeros((self.window, self.hidden_size), dtype)
        return SoftmaxAttentionState(nothing, nothing, jnp.zeros((), dtype), recent)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T

    def step(
        self, state: SoftmaxAttentionState, projection: Float[Array, " rows"]
    ) -> tuple[SoftmaxAttentionState, Vector]:
        recent = state.recent
        if self.convolution is not None and recent is not None:
            projection, recent = convolve_step(self.convolution, recent, projection)
        key, value, query = jnp.split(projection, 3)
        keys = jnp.concatenate([state.keys[1:], key[None]])
        values = jnp.concatenate([state.values[1:], value[None]])
        filled = jnp.minimum(jnp.maximum(state.filled, 0) + 1, self.window)
        seen = jnp.arange(self.window) >= self.window - filled
        hidden = self._read(query[None], keys, values, seen[None])[0]
        return SoftmaxAttentionState(keys, values, filled, recent), hidden

    def unroll_together(
        self, given: Batch
    ) -> tuple[Float[Array, "batch time hidden"], SoftmaxAttentionState]:
        projections, state, lengths, resets = given = given.without_padding()
        valid = None if lengths is None else given.steps()
        mixed, recent = self._mixed(projections, None if state is None else state.recent, lengths, resets)
        outputs, last = jax.vmap(self._attend_in_chunks)(mixed, state, valid, resets)
        return outputs, last._replace(recent=recent)

    def _mixed(
        self,
        projections: Float[Array, "batch time rows"],
        recent: Float[Array, "batch past rows"] | None,
        lengths: Int32[Array, " batch"] | None,
        resets: Bool[Array, "batch time"] | None,
    ) -> tuple[Float[Array, "batch time rows"], Float[Array, "batch past rows"] | None]:
        """The projections after the convolution, and the latest ones before it."""
        if self.convolution is None:
            return projections, None
        if recent is None:
            zeros = nothing_before(self.convolution, projections.dtype)
            recent = jnp.broadcast_to(zeros, (len(projections), *zeros.shape))
        return convolve(self.convolution, recent, projections, lengths, resets)

    def _attend_in_chunks(
        self,
        projections: Float[Array, "time rows"],
        state: SoftmaxAttentionState | None,
        valid: Bool[Array, " time"] | None,
        resets: Bool[Array, " time"] | None,
    ) -> tuple[Float[Array, "time hidden"], SoftmaxAttentionState]:
        """All steps, after the convolution."""
        length, chunk = len(projections), max(self.window, SHORTEST_CHUNK)
        if length <= chunk:
            return self._attend(projections, state, valid, resets)
        valid = jnp.ones(length, bool) if valid is None else valid
        state = as_type(self.initial_state(), projections.dtype) if state is None else state

        def chunks(array: Array) -> Array:
            padded = jnp.pad(array, [(0, -length % chunk), *[(0, 0)] * (array.ndim - 1)])
            return padded.reshape(-1, chunk, *array.shape[1:])

        @jax.checkpoint
        def attend(state, now):
            outputs, state = self._attend(now[0], state, *now[1:])
            return state, outputs

        state, outputs = lax.scan(attend, state, jax.tree.map(chunks, (projections, valid, resets)))
        return outputs.reshape(-1, self.hidden_size)[:length], state

    def attention(self, projections: Float[Array, "time rows"]) -> Float[Array, "time time"]:
        """softmax_τ(q(t)ᵀ k(τ) / √d), the mean over the heads: what each step t (first axis) takes of each
        step τ (second axis), itself included."""
        mixed, _ = self._mixed(projections[None], None, None, None)
        key, _, query = jnp.split(mixed[0], 3, axis=-1)
        ages = jnp.arange(len(key))[:, None] - jnp.arange(len(key))
        return jnp.mean(self._weights(query, key, (ages >= 0) & (ages < self.window)), axis=0)

    def step_operations(self) -> int:
        """qᵀ k and its part of the sum for each step of a full window, W_o and the convolution."""
        return 4 * self.window * self.hidden_size + self._operations_of_matrices()

    def unroll_operations(self, length: int) -> int:
        """The first steps have less to read."""
        pairs = sum(min(t, self.window) for t in range(1, length + 1))
        return 4 * pairs * self.hidden_size + length * self._operations_of_matrices()

    def _operations_of_matrices(self) -> int:
        return 2 * self.output.size + (0 if self.convolution is None else 2 * self.convolution.size)

    def _attend(
        self,
        projections: Float[Array, "time rows"],
        state: SoftmaxAttentionState | None,
        valid: Bool[Array, " time"] | None,
        resets: Bool[Array, " time"] | None,
    ) -> tuple[Float[Array, "time hidden"], SoftmaxAttentionState]:
        """All steps at once. An entry is a place of the given state or a step."""
        length, window = len(projections), self.window
        before = as_type(self.initial_state(), projections.dtype) if state is None else state
        key, value, query = jnp.split(projections, 3, axis=-1)
        keys, values = jnp.concatenate([before.keys, key]), jnp.concatenate([before.values, value])
        valid = jnp.ones(length, bool) if valid is None else valid
        resets = jnp.zeros(length, bool) if resets is None else resets & valid
        # How many steps had run at each entry: 0 at the state's last place. How many resets there had been.
        ran = jnp.concatenate([jnp.arange(1 - window, 1), jnp.cumsum(valid)])
        epoch = jnp.concatenate([jnp.zeros(window, int), jnp.cumsum(resets)])
        written = jnp.concatenate([jnp.arange(window) >= window - before.filled, valid])

        first = window if state is None else 0  # the places of no state are never read
        ages = ran[window:, None] - ran[None, first:]
        seen = written[first:] & (ages >= 0) & (ages < window) & (epoch[window:, None] == epoch[first:])
        # A step that does not run sees itself, because a softmax over nothing has no value.
        seen |= jnp.arange(window, window + length)[:, None] == jnp.arange(first, window + length)
        outputs = self._read(query, keys[first:], values[first:], seen)

        place = jnp.searchsorted(ran, ran[-1] + jnp.arange(1 - window, 1))
        since = (epoch[place] == epoch[-1])[:, None]
        running = jnp.sum(valid & (epoch[window:] == epoch[-1]))
        filled = jnp.where(epoch[-1] == 0, jnp.maximum(before.filled, 0), 0)
        filled = jnp.minimum(filled + running.astype(filled.dtype), window)
        last = SoftmaxAttentionState(
            jnp.where(since, keys[place], 0),
            jnp.where(since, values[place], 0),
            jnp.where(running > 0, filled, before.filled),
            before.recent,
        )
        return jnp.where(valid[:, None], outputs, 0), last

    def _read(
        self,
        queries: Float[Array, "time hidden"],
        keys: Float[Array, "entries hidden"],
        values: Float[Array, "entries hidden"],
        seen: Bool[Array, "time entries"],
    ) -> Float[Array, "time hidden"]:
        """W_o y of each query over the entries that it sees.

        `memories.SoftmaxHopfield` reads the same of what was written to it, as a test shows; it grows with
        each write, where a state has one shape, and so places that a query must not see.
        """
        weights, values = self._weights(queries, keys, seen), self._split(values)
        # 0 · NaN is NaN: what is not seen must not come out, and what is must.
        finite = jnp.all(jnp.isfinite(values), axis=-1)
        answers = jnp.einsum("hte,ehd->thd", weights, jnp.where(finite[..., None], values, 0))
        spoiled = jnp.any(seen[..., None] & ~finite, axis=1)
        answers = jnp.where(spoiled[..., None], jnp.nan, answers)
        return answers.reshape(len(answers), self.hidden_size) @ self.output.T

    def _weights(
        self,
        queries: Float[Array, "time hidden"],
        keys: Float[Array, "entries hidden"],
        seen: Bool[Array, "time entries"],
    ) -> Float[Array, "heads time entries"]:
        """The softmax of each head over the entries that a query sees."""
        queries, keys = self._split(queries), self._split(keys)
        scores = jnp.einsum("thd,ehd->hte", queries, keys) * queries.shape[-1] ** -0.5
        return jax.nn.softmax(jnp.where(seen, scores, -jnp.inf))

    def _split(self, vectors: Float[Array, "entries hidden"]) -> Float[Array, "entries heads part"]:
        return vectors.reshape(len(vectors), self.heads, self.hidden_size // self.heads)
