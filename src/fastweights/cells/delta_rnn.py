"""The Delta RNN: a recurrent network both of whose weight matrices are fast."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.layers import uniform
from fastweights.cells.options.delta_nets import DeltaRNNOptions as DeltaRNNOptions
from fastweights.cells.options.heads import check_heads
from fastweights.memories import DeltaRule
from fastweights.registry import register_cell
from fastweights.types import Vector

_BLOCKS = 5


class DeltaRNNState(NamedTuple):
    """The fast weights from queries and those from the last answer, each (heads, size, size), and the answer
    y (heads, size)."""

    feedforward: Float[Array, "heads value key"]
    recurrent: Float[Array, "heads value key"]
    answer: Float[Array, "heads value"]


@register_cell("delta-rnn", source="Irie, Schlag, Csordás & Schmidhuber 2021, arXiv:2106.06295")
class DeltaRNN(Cell):
    """[k; v; q; k'; v'; β; β'] = A x(t),
    W ← W + σ(β) (v − W φ(k)) φ(k)ᵀ,  R ← R + σ(β') (v' − R φ(k')) φ(k')ᵀ,
    y(t) = W φ(q) + R φ(y(t−1)),  h(t) = B y(t),  φ = softmax.

    The fast network is a recurrent one: W reads the query, R the last answer, and slow weights A write both
    by the delta rule. With H heads, each of d = hidden / H units, every head has memories of its own, W and R
    are (d, d), and y has the heads' answers one after the other. W = R = 0 and y = 0 at first, of which
    softmax makes 1/d in every unit. A and B have no biases and are uniform in ± 1/√inputs.

    The memories are `memories.DeltaRule`. What the layer of the paper has around this, layer normalisation of
    x and x + h(t), is what models have around any cell (`BlockOptions`).

    What the reference implementation decides: both memories are written before they are read; the softmax of
    y(t−1) is taken just before R reads it ("v2" there), so the answer that is put out has none; and φ of
    keys and queries is softmax in its reinforcement learning, as here, but elu + 1 divided by its sum in its
    other tasks. It adds 1e-6 to the denominator of one softmax, which is left out here.

    Shapes: x (input,), W and R (heads, hidden/heads, hidden/heads), h (hidden,).
    Raises: InvalidValueError if a size is below 1, or hidden_size no multiple of heads.
    Source: Irie, Schlag, Csordás & Schmidhuber 2021, arXiv:2106.06295, section 3 (its equations read in
    IDSIA/recurrent-fwp, reinforcement_learning/torchbeast/layer.py and fast_weight_rnn_v2).
    """

    Options: ClassVar[type] = DeltaRNNOptions

    input: Float[Array, "rows input"]
    output: Float[Array, "hidden hidden"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)

    def __init__(
        self, input_size: int, hidden_size: int, *, options: DeltaRNNOptions = DeltaRNNOptions(), key: Array
    ) -> None:
        check_sizes(input_size, hidden_size)
        check_heads(hidden_size, options.heads)
        input_key, output_key = jax.random.split(key)
        rows = _BLOCKS * hidden_size + 2 * options.heads
        self.input = uniform(input_key, (rows, input_size), input_size)
        self.output = uniform(output_key, (hidden_size, hidden_size), hidden_size)
        self.input_size, self.hidden_size, self.heads = input_size, hidden_size, options.heads

    def initial_state(self) -> DeltaRNNState:
        size = self.hidden_size // self.heads
        nothing = jnp.zeros((self.heads, size, size), self.input.dtype)
        return DeltaRNNState(nothing, nothing, nothing[:, 0])

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T

    def step(self, state: DeltaRNNState, projection: Float[Array, " rows"]) -> tuple[DeltaRNNState, Vector]:
        vectors, rates = jnp.split(projection, [_BLOCKS * self.hidden_size])
        k, v, q, recurrent_k, recurrent_v = vectors.reshape(_BLOCKS, self.heads, -1)
        rate, recurrent_rate = jax.nn.sigmoid(rates).reshape(2, self.heads)
        feedforward = DeltaRule(state.feedforward, rate).write(jax.nn.softmax(k), v)
        recurrent = DeltaRule(state.recurrent, recurrent_rate).write(jax.nn.softmax(recurrent_k), recurrent_v)
        answer = feedforward.read(jax.nn.softmax(q)) + recurrent.read(jax.nn.softmax(state.answer))
        hidden = self.output @ answer.reshape(self.hidden_size)
        return DeltaRNNState(feedforward.matrix, recurrent.matrix, answer), hidden

    def step_operations(self) -> int:
        """For each memory W k, the outer product and its sum, and a reading; then B y."""
        return 2 * 6 * self.hidden_size**2 // self.heads + 2 * self.output.size
