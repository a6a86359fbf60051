"""The gated recurrent unit."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.layers import uniform
from fastweights.cells.options.gru import GRUOptions as GRUOptions
from fastweights.registry import register_cell
from fastweights.types import Vector

_BLOCKS = 3


@register_cell("gru", source="Cho et al. 2014, arXiv:1406.1078, with the reset gate after the product")
class GRU(Cell):
    """r = σ(W_r h + C_r x + b_r),  z = σ(W_z h + C_z x + b_z),
    n = tanh(C_n x + b_n + r ⊙ (W_n h + d)),  or  n = tanh(C_n x + b_n + W_n (r ⊙ h) + d),
    h ← (1 − z) ⊙ n + z ⊙ h.

    The first form of n has the reset gate after the product, as PyTorch, cuDNN and Keras have it; the second
    one (`reset_gate` "before") is the published one. PyTorch writes two biases for r and for z, of which only
    the sum matters: here b is that sum. d is PyTorch's b_hn.

    As in PyTorch, W, C and every bias are uniform in ± 1/√R: b_r and b_z are sums of two such numbers.
    h(0) = 0.

    Shapes: x (input,), state and output (hidden,); W (3 hidden, hidden), C and b in the order r, z, n.
    Raises: InvalidValueError if a size is below 1.
    Source: Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk & Bengio 2014, arXiv:1406.1078,
    equations 5 to 8, whose z is the share that is kept, as here; the form "after" and the initial weights
    are those of `torch.nn.GRU`.
    """

    Options: ClassVar[type] = GRUOptions

    recurrent: Float[Array, "rows hidden"]
    input: Float[Array, "rows input"]
    bias: Float[Array, " rows"]
    candidate_bias: Vector
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    reset_gate: str = eqx.field(static=True)

    def __init__(
        self, input_size: int, hidden_size: int, *, options: GRUOptions = GRUOptions(), key: Array
    ) -> None:
        check_sizes(input_size, hidden_size)
        keys = jax.random.split(key, 4)
        rows = _BLOCKS * hidden_size
        self.recurrent = uniform(keys[0], (rows, hidden_size), hidden_size)
        self.input = uniform(keys[1], (rows, input_size), hidden_size)
        of_inputs, of_states = (uniform(key, (rows,), hidden_size) for key in keys[2:])
        gates = 2 * hidden_size
        self.bias = of_inputs.at[:gates].add(of_states[:gates])
        self.candidate_bias = of_states[gates:]
        self.input_size, self.hidden_size = input_size, hidden_size
        self.reset_gate = options.reset_gate

    def initial_state(self) -> Vector:
        return jnp.zeros(self.hidden_size, self.recurrent.dtype)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T + self.bias

    def step(self, state: Vector, projection: Float[Array, " rows"]) -> tuple[Vector, Vector]:
        of_gates, of_candidate = jnp.split(self.recurrent, [2 * self.hidden_size])
        gates, candidate = jnp.split(projection, [2 * self.hidden_size])
        r, z = jnp.split(jax.nn.sigmoid(of_gates @ state + gates), 2)
        if self.reset_gate == "after":
            candidate = candidate + r * (of_candidate @ state + self.candidate_bias)
        else:
            candidate = candidate + of_candidate @ (r * state) + self.candidate_bias
        hidden = (1 - z) * jnp.tanh(candidate) + z * state
        return hidden, hidden

    def step_operations(self) -> int:
        return 2 * _BLOCKS * self.hidden_size**2
