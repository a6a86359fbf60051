"""The Recurrent Delta Net: slow weights that see what the fast ones answered."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.layers import uniform
from fastweights.cells.options.delta_nets import RDNOptions as RDNOptions
from fastweights.cells.options.heads import check_heads
from fastweights.memories import DeltaRule
from fastweights.registry import register_cell
from fastweights.types import Vector

_BLOCKS = 3


class RDNState(NamedTuple):
    """The fast weights (heads, size, size) and their last answer y (heads, size)."""

    memory: Float[Array, "heads value key"]
    answer: Float[Array, "heads value"]


@register_cell("rdn", source="Irie, Schlag, Csordás & Schmidhuber 2021, arXiv:2106.06295")
class RDN(Cell):
    """[k; v; q; β] = A x(t) + R tanh(y(t−1)),
    W ← W + σ(β) (v − W φ(k)) φ(k)ᵀ,  y(t) = W φ(q),  h(t) = B y(t),  φ = softmax.

    DeltaNet whose key, value, query and write rate depend on its last answer too. With H heads, each of
    d = hidden / H units, every head has a memory (d, d) of its own and R reads its own last answer alone: R
    is (3 d + 1, d) for each head. W = 0 and y = 0 at first. A and B have no biases and are uniform in
    ± 1/√inputs; R is normal with the deviation 1/√d.

    The memory is `memories.DeltaRule`. What the layer of the paper has around this, layer normalisation of x
    and x + h(t), is what models have around any cell (`BlockOptions`).

    What the reference implementation decides: φ is softmax, for keys and queries alike; the answer passes
    tanh on its way back only; the memory is written before it is read.

    Shapes: x (input,), W (heads, hidden/heads, hidden/heads), h (hidden,).
    Raises: InvalidValueError if a size is below 1, or hidden_size no multiple of heads.
    Source: Irie, Schlag, Csordás & Schmidhuber 2021, arXiv:2106.06295, section 3 (its equations read in
    IDSIA/recurrent-fwp, algorithmic/layers.py and rec_update_fwm_tanh).
    """

    Options: ClassVar[type] = RDNOptions

    input: Float[Array, "rows input"]
    recurrent: Float[Array, "heads head_rows value"]
    output: Float[Array, "hidden hidden"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)

    def __init__(
        self, input_size: int, hidden_size: int, *, options: RDNOptions = RDNOptions(), key: Array
    ) -> None:
        check_sizes(input_size, hidden_size)
        check_heads(hidden_size, options.heads)
        input_key, recurrent_key, output_key = jax.random.split(key, 3)
        heads, size = options.heads, hidden_size // options.heads
        rows = _BLOCKS * size + 1
        self.input = uniform(input_key, (heads * rows, input_size), input_size)
        self.recurrent = size**-0.5 * jax.random.normal(recurrent_key, (heads, rows, size))
        self.output = uniform(output_key, (hidden_size, hidden_size), hidden_size)
        self.input_size, self.hidden_size, self.heads = input_size, hidden_size, heads

    def initial_state(self) -> RDNState:
        size = self.hidden_size // self.heads
        nothing = jnp.zeros((self.heads, size, size), self.input.dtype)
        return RDNState(nothing, nothing[:, 0])

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T

    def step(self, state: RDNState, projection: Float[Array, " rows"]) -> tuple[RDNState, Vector]:
        size = self.hidden_size // self.heads
        summed = projection.reshape(self.heads, -1) + jnp.matvec(self.recurrent, jnp.tanh(state.answer))
        k, v, q, rate = jnp.split(summed, [size, 2 * size, 3 * size], axis=1)
        memory = DeltaRule(state.memory, jax.nn.sigmoid(rate[:, 0])).write(jax.nn.softmax(k), v)
        answer = memory.read(jax.nn.softmax(q))
        return RDNState(memory.matrix, answer), self.output @ answer.reshape(self.hidden_size)

    def step_operations(self) -> int:
        """R y, then W k, the outer product and its sum, the reading, and B y."""
        return 2 * self.recurrent.size + 6 * self.hidden_size**2 // self.heads + 2 * self.output.size
