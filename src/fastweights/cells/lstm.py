"""Long short-term memory."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.layers import layer_norm, uniform
from fastweights.cells.options.lstm import LSTMOptions as LSTMOptions
from fastweights.native import calls
from fastweights.native.calls import Kernel
from fastweights.native.sizes import lstm_tape_size
from fastweights.registry import register_cell
from fastweights.types import Vector

_GATES = 4


class LSTMState(NamedTuple):
    """The constant error carousel and the output, each (hidden,)."""

    cell: Vector
    hidden: Vector


@register_cell("lstm", source="Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000")
class LSTM(Cell):
    """[i; f; o; g] = W h(t−1) + C x(t) + b,
    c(t) = σ(f) c(t−1) + σ(i) tanh(g),  h(t) = σ(o) tanh(c(t)).

    W and C are uniform in ± 1/√R; b = 0 except the forget gate's. With `layer_norm` each of the four
    blocks is normalised before b is added, and h(t) = σ(o) tanh(LN[c(t)]).

    Shapes: x (input,), cell and output (hidden,), W (4 hidden, hidden) in the order i, f, o, g.
    Raises: InvalidValueError if a size is below 1.
    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9:1735–1780, with the forget gate of Gers,
    Schmidhuber & Cummins 2000; the normalised form after Ba, Kiros & Hinton 2016, arXiv:1607.06450,
    equations 20–22, with one normalisation for W h + C x together.
    """

    Options: ClassVar[type] = LSTMOptions

    recurrent: Float[Array, "rows hidden"]
    input: Float[Array, "rows input"]
    bias: Float[Array, " rows"]
    gain: Float[Array, " rows"] | None
    cell_gain: Vector | None
    cell_bias: Vector | None
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(
        self, input_size: int, hidden_size: int, *, options: LSTMOptions = LSTMOptions(), key: Array
    ) -> None:
        check_sizes(input_size, hidden_size)
        recurrent_key, input_key = jax.random.split(key)
        rows = _GATES * hidden_size
        self.recurrent = uniform(recurrent_key, (rows, hidden_size), hidden_size)
        self.input = uniform(input_key, (rows, input_size), hidden_size, options.input_scale)
        self.bias = jnp.zeros(rows).at[hidden_size : 2 * hidden_size].set(options.forget_bias)
        norm = options.layer_norm
        self.gain = jnp.ones(rows) if norm else None
        self.cell_gain = jnp.ones(hidden_size) if norm else None
        self.cell_bias = jnp.zeros(hidden_size) if norm else None
        self.input_size, self.hidden_size = input_size, hidden_size

    def initial_state(self) -> LSTMState:
        zeros = jnp.zeros(self.hidden_size, self.recurrent.dtype)
        return LSTMState(zeros, zeros)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        projection = x @ self.input.T
        # Under layer normalisation the bias comes after the normalisation, so the projection leaves it out.
        return projection + self.bias if self.gain is None else projection

    def step(self, state: LSTMState, projection: Float[Array, " rows"]) -> tuple[LSTMState, Vector]:
        gates = jnp.split(self.recurrent @ state.hidden + projection, _GATES)
        if self.gain is not None:
            norms = jnp.split(self.gain, _GATES), jnp.split(self.bias, _GATES)
            gates = [layer_norm(*block) for block in zip(gates, *norms, strict=True)]
        i, f, o, g = gates
        cell = jax.nn.sigmoid(f) * state.cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        exposed = cell
        if self.cell_gain is not None and self.cell_bias is not None:
            exposed = layer_norm(cell, self.cell_gain, self.cell_bias)
        hidden = jax.nn.sigmoid(o) * jnp.tanh(exposed)
        return LSTMState(cell, hidden), hidden

    def step_operations(self) -> int:
        return 2 * _GATES * self.hidden_size**2

    def kernel(self, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
        if not calls.runs(length, dtype):
            return None
        gains = biases = jnp.zeros((0, self.hidden_size), dtype)
        if self.gain is not None and self.cell_gain is not None and self.cell_bias is not None:
            gains = jnp.concatenate([self.gain, self.cell_gain]).reshape(-1, self.hidden_size)
            biases = jnp.concatenate([self.bias, self.cell_bias]).reshape(-1, self.hidden_size)
        norms, units = len(gains), self.hidden_size
        tape_size = lstm_tape_size(length, units, norms)
        return calls.native("Lstm", outputs, 2 * units, tape_size, (self.recurrent, gains, biases))
