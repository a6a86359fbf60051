"""A cell in your own file: the gated recurrent unit.

Pass the file to a command with `--plugin`:

    fastweights train --plugin examples/gru.py --model gru --hidden-size 50 --out gru.safetensors
    fastweights evaluate --plugin examples/gru.py gru.safetensors
    fastweights reproduce --plugin examples/gru.py --models gru lstm --dir compared
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

import fastweights as fw
from fastweights.cells.base import check_sizes
from fastweights.cells.layers import uniform


@fw.register_cell(
    "gru", source="Cho et al. 2014, arXiv:1406.1078, with the reset gate after the product (cuDNN)"
)
class GRU(fw.Cell):
    """r = σ(W_r h + C_r x + b_r),  z = σ(W_z h + C_z x + b_z),  n = tanh(C_n x + b_n + r ⊙ (W_n h + d)),
    h ← (1 − z) ⊙ n + z ⊙ h.

    Shapes: x (input,), state and output (hidden,); W (3 hidden, hidden), rows ordered r, z, n.
    W and C start uniform in ± 1/√R, the biases at 0.
    """

    recurrent: Float[Array, "rows hidden"]
    input: Float[Array, "rows input"]
    bias: Float[Array, " rows"]
    candidate_bias: Float[Array, " hidden"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size, hidden_size, *, options=None, key):
        check_sizes(input_size, hidden_size)
        recurrent_key, input_key = jax.random.split(key)
        self.recurrent = uniform(recurrent_key, (3 * hidden_size, hidden_size), hidden_size)
        self.input = uniform(input_key, (3 * hidden_size, input_size), hidden_size)
        self.bias, self.candidate_bias = jnp.zeros(3 * hidden_size), jnp.zeros(hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size

    def initial_state(self):
        return jnp.zeros(self.hidden_size, self.recurrent.dtype)

    def project(self, x):
        """C x + b: the part of a step that depends on the input alone."""
        return x @ self.input.T + self.bias

    def step(self, state, projection):
        r, z, n = jnp.split(projection, 3)
        recurrent_r, recurrent_z, recurrent_n = jnp.split(self.recurrent @ state, 3)
        reset, update = jax.nn.sigmoid(r + recurrent_r), jax.nn.sigmoid(z + recurrent_z)
        candidate = jnp.tanh(n + reset * (recurrent_n + self.candidate_bias))
        hidden = (1 - update) * candidate + update * state
        return hidden, hidden
