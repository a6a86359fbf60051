"""A cell in your own file: the minimal gated unit.

Pass the file to a command with `--plugin`:

    fastweights train --plugin examples/mgu.py --model mgu --hidden-size 50 --out mgu.safetensors
    fastweights evaluate --plugin examples/mgu.py mgu.safetensors
    fastweights reproduce --plugin examples/mgu.py --models mgu lstm --dir compared
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

import fastweights as fw
from fastweights.cells.base import check_sizes
from fastweights.cells.layers import uniform


@fw.register_cell("mgu", source="Zhou, Wu, Zhang & Zhou 2016, arXiv:1603.09420")
class MGU(fw.Cell):
    """f = σ(W_f h + C_f x + b_f),  n = tanh(W_n (f ⊙ h) + C_n x + b_n),  h ← (1 − f) ⊙ h + f ⊙ n.

    Shapes: x (input,), state and output (hidden,); W_f and W_n (hidden, hidden); C and b have the rows of f,
    then those of n.
    W and C start uniform in ± 1/√R, b at 0.
    """

    forget: Float[Array, "hidden hidden"]
    candidate: Float[Array, "hidden hidden"]
    input: Float[Array, "rows input"]
    bias: Float[Array, " rows"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size, hidden_size, *, options=None, key):
        check_sizes(input_size, hidden_size)
        keys = jax.random.split(key, 3)
        self.forget = uniform(keys[0], (hidden_size, hidden_size), hidden_size)
        self.candidate = uniform(keys[1], (hidden_size, hidden_size), hidden_size)
        self.input = uniform(keys[2], (2 * hidden_size, input_size), hidden_size)
        self.bias = jnp.zeros(2 * hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size

    def initial_state(self):
        return jnp.zeros(self.hidden_size, self.forget.dtype)

    def project(self, x):
        """C x + b: the part of a step that depends on the input alone."""
        return x @ self.input.T + self.bias

    def step(self, state, projection):
        f, n = jnp.split(projection, 2)
        forget = jax.nn.sigmoid(f + self.forget @ state)
        candidate = jnp.tanh(n + self.candidate @ (forget * state))
        hidden = (1 - forget) * state + forget * candidate
        return hidden, hidden
