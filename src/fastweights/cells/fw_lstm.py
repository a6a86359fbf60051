"""The fast weight LSTM: a long short-term memory whose candidate looks up a fast memory of candidates."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.layers import layer_norm, uniform
from fastweights.cells.options.fw_lstm import FWLSTMOptions as FWLSTMOptions
from fastweights.memories import DecayingMatrix
from fastweights.registry import register_cell
from fastweights.types import Scalar, Vector

_GATES = 4


class FWLSTMState(NamedTuple):
    """The normalised cell and the output, each (hidden,), and the fast memory (hidden, hidden)."""

    cell: Vector
    hidden: Vector
    memory: Float[Array, "hidden hidden"]


@register_cell("fw-lstm", source="Keller, Sridhar & Wang 2018, arXiv:1804.06511")
class FWLSTM(Cell):
    """[i; f; o; j] = LN[W h(t−1) + C x(t)],
    A(t) = λ A(t−1) + η relu(j) relu(j)ᵀ,  g = relu(j + A(t) relu(j)),
    c(t) = LN[σ(f) c(t−1) + σ(i) g],  h(t) = σ(o) relu(c(t)).

    LN over the four blocks together, and the normalised cell is what is carried on. W and C are uniform in
    ± √(2 / (R + inputs)), gains are 1 and biases 0, except the forget gate's; A(0) = 0, c(0) = 0, h(0) = 0.
    λ and η are traced numbers that training leaves alone. The memory is `memories.DecayingMatrix`.

    The paper itself could not be read here, only code for it, which disagrees; what was chosen:

    - A is written with the candidate alone, (R, R): so in the implementation of fomorians-oss/pyoneer, which
      cites the paper. An earlier one by its first author, akandykeller/fast_weights, writes all four blocks,
      (4 R, 4 R), and adds what is read to all of them. The author's page says that A is updated "via the
      outer-product of the gated LSTM cell's output", which may be neither.
    - g is relu(j + A relu(j)), as in that earlier code and in Ba et al. 2016; pyoneer has relu(j) in place of
      the first j. A is written before it is read, in both.
    - λ decays and η writes: pyoneer has the two exchanged.
    - Both implementations add a bias before the first normalisation, too, which is left out.

    Shapes: x (input,), c and h (hidden,), A (hidden, hidden), W (4 hidden, hidden) in the order i, f, o, j.
    Raises: InvalidValueError if a size is below 1.
    Source: Keller, Sridhar & Wang 2018, arXiv:1804.06511, through the implementations named above; initial
    weights, λ and η from akandykeller/fast_weights.
    """

    Options: ClassVar[type] = FWLSTMOptions
    hyperparameters: ClassVar[tuple[str, ...]] = ("decay", "write_rate")

    recurrent: Float[Array, "rows hidden"]
    input: Float[Array, "rows input"]
    gain: Float[Array, " rows"]
    bias: Float[Array, " rows"]
    cell_gain: Vector
    cell_bias: Vector
    decay: Scalar
    write_rate: Scalar
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(
        self, input_size: int, hidden_size: int, *, options: FWLSTMOptions = FWLSTMOptions(), key: Array
    ) -> None:
        check_sizes(input_size, hidden_size)
        recurrent_key, input_key = jax.random.split(key)
        rows, fan = _GATES * hidden_size, hidden_size + input_size
        self.recurrent = uniform(recurrent_key, (rows, hidden_size), fan, 2**0.5)
        self.input = uniform(input_key, (rows, input_size), fan, 2**0.5)
        self.gain = jnp.ones(rows)
        self.bias = jnp.zeros(rows).at[hidden_size : 2 * hidden_size].set(options.forget_bias)
        self.cell_gain, self.cell_bias = jnp.ones(hidden_size), jnp.zeros(hidden_size)
        self.decay = jnp.asarray(options.decay, self.gain.dtype)
        self.write_rate = jnp.asarray(options.write_rate, self.gain.dtype)
        self.input_size, self.hidden_size = input_size, hidden_size

    def initial_state(self) -> FWLSTMState:
        nothing = jnp.zeros((self.hidden_size, self.hidden_size), self.recurrent.dtype)
        return FWLSTMState(nothing[0], nothing[0], nothing)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T

    def step(self, state: FWLSTMState, projection: Float[Array, " rows"]) -> tuple[FWLSTMState, Vector]:
        summed = layer_norm(self.recurrent @ state.hidden + projection, self.gain, self.bias)
        i, f, o, j = jnp.split(summed, _GATES)
        stored = jax.nn.relu(j)
        memory = DecayingMatrix(state.memory, self.decay, self.write_rate).write(stored, stored)
        candidate = jax.nn.relu(j + memory.read(stored))
        cell = jax.nn.sigmoid(f) * state.cell + jax.nn.sigmoid(i) * candidate
        cell = layer_norm(cell, self.cell_gain, self.cell_bias)
        hidden = jax.nn.sigmoid(o) * jax.nn.relu(cell)
        return FWLSTMState(cell, hidden, memory.matrix), hidden

    def step_operations(self) -> int:
        """W h, λ A + (η j) jᵀ, and the reading."""
        return (2 * _GATES + 3 + 2) * self.hidden_size**2
