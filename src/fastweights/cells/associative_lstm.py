"""The associative LSTM: gates around a holographic memory."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.holographic import HolographicMemory, bound
from fastweights.cells.layers import uniform
from fastweights.cells.options.associative_lstm import AssociativeLSTMOptions as AssociativeLSTMOptions
from fastweights.cells.permutations import permutations
from fastweights.native import calls
from fastweights.native.calls import Kernel
from fastweights.native.sizes import associative_tape_size, bits
from fastweights.registry import register_cell
from fastweights.types import Vector


class AssociativeLSTMState(NamedTuple):
    """The memory and the output, (hidden,)."""

    memory: HolographicMemory
    hidden: Vector


@register_cell("associative-lstm", source="Danihelka et al. 2016, arXiv:1602.03032")
class AssociativeLSTM(Cell):
    """[f; i^n; o^n; u^n; k^n; q^n] = W h(t−1) + V x(t) + b, for each head n = 1 … N,
    c_s(t) = σ(f) c_s(t−1) + Σ_n (P_s bound[k^n]) ⊛ (σ(i^n) bound[u^n]),  for each copy s = 1 … C,
    h(t) = w Σ_n σ(o^n) bound[1/C Σ_s (P_s bound[q^n]) ⊛ c_s(t)],  w = 1, or 1/N for their mean.

    The R numbers of a state are R/2 complex ones, real parts first; ⊛ multiplies them unit by unit, a gate
    has R/2 numbers and scales both parts alike, bound[z] = z / max(1, |z|), and P_s are fixed random
    permutations of the units, the same for all models of one size. Only how the P_s differ matters: the
    rest is absorbed by W and V. W and V are uniform in ± 1/√R; b = 0 except the forget gate's.

    With one head this is the published cell; the query is used as it is, not conjugated: the network learns
    its queries. Ba et al. 2016 use 4 copies and "3 read-write heads", and say no more. Here each head writes
    a value of its own under a key of its own and reads with its own query. The answers are added, not
    stacked, so that h has R numbers, and other cells of R units are its equals. Each is bounded and gated
    first: a sum of answers is the answer to the sum of the queries, so without that the heads would be one.
    The modulus of a unit of h is then at most N, and at most 1 where h is their mean.

    Shapes: x (input,), output (hidden,), memory (copies, 2, hidden/2), W (rows, hidden)
    with R/2 + N (R/2 + R/2 + R + R + R) rows in the order above: all heads' i, then all their o, and so on.
    Raises: InvalidValueError if a size is below 1, or hidden_size odd.
    Source: Danihelka, Wayne, Uria, Kalchbrenner & Graves 2016, arXiv:1602.03032; the numbers of heads and
    copies from Ba et al. 2016, appendix.
    """

    Options: ClassVar[type] = AssociativeLSTMOptions
    size_multiple: ClassVar[int] = 2

    recurrent: Float[Array, "rows hidden"]
    input: Float[Array, "rows input"]
    bias: Float[Array, " rows"]
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)
    copies: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)
    combine_heads: str = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        options: AssociativeLSTMOptions = AssociativeLSTMOptions(),
        key: Array,
    ) -> None:
        check_sizes(input_size, hidden_size, self.size_multiple)
        recurrent_key, input_key = jax.random.split(key)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.copies, self.heads, self.combine_heads = options.copies, options.heads, options.combine_heads
        rows = sum(self._blocks)
        self.recurrent = uniform(recurrent_key, (rows, hidden_size), hidden_size)
        self.input = uniform(input_key, (rows, input_size), hidden_size, options.input_scale)
        self.bias = jnp.zeros(rows).at[: hidden_size // 2].set(options.forget_bias)

    @property
    def _blocks(self) -> list[int]:
        """The rows of f, i, o, u, k, q, those of all heads together."""
        half = self.hidden_size // 2
        return [half, *(self.heads * size for size in (half, half, 2 * half, 2 * half, 2 * half))]

    @property
    def _answer_weight(self) -> float:
        """w: what each head's answer counts in h."""
        return 1 / self.heads if self.combine_heads == "mean" else 1.0

    def initial_state(self) -> AssociativeLSTMState:
        dtype = self.recurrent.dtype
        memory = HolographicMemory.empty(self.hidden_size // 2, self.copies, dtype)
        return AssociativeLSTMState(memory, jnp.zeros(self.hidden_size, dtype))

    def project(self, x: Float[Array, " input"]) -> Float[Array, " rows"]:
        return x @ self.input.T + self.bias

    def step(
        self, state: AssociativeLSTMState, projection: Float[Array, " rows"]
    ) -> tuple[AssociativeLSTMState, Vector]:
        summed = self.recurrent @ state.hidden + projection
        ends = [sum(self._blocks[:i]) for i in range(1, 6)]
        forget_gate, *of_heads = jnp.split(summed, ends)
        i, o, u, k, q = (block.reshape(self.heads, -1) for block in of_heads)

        def write(memory: HolographicMemory, head: tuple[Array, ...]) -> tuple[HolographicMemory, None]:
            gate, value, key = head
            return memory.write(bound(key), _gated(gate, bound(value))), None

        def read(hidden: Vector, head: tuple[Array, ...]) -> tuple[Vector, None]:
            gate, query = head
            return hidden + _gated(gate, bound(memory.read(bound(query)))), None

        # Loops, because XLA takes long to compile all heads at once, and makes nothing faster of them.
        faded = state.memory.fade(jax.nn.sigmoid(forget_gate))
        memory, _ = lax.scan(write, faded, (i, u, k))
        hidden, _ = lax.scan(read, jnp.zeros_like(state.hidden), (o, q))
        hidden = self._answer_weight * hidden
        return AssociativeLSTMState(memory, hidden), hidden

    def step_operations(self) -> int:
        """Every head writes and reads each copy: complex products and their sums, of 8 operations a unit."""
        half = self.hidden_size // 2
        return 2 * self.recurrent.size + self.copies * half * (2 + 16 * self.heads)

    def kernel(self, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
        if not calls.runs(length, dtype):
            return None
        half, copies = self.hidden_size // 2, self.copies
        tape_size = associative_tape_size(length, len(self.recurrent), self.heads, copies, half)
        state_size, orders = 2 * (copies + 1) * half, permutations(half, copies)
        numbers, operands = [bits(self._answer_weight)], (self.recurrent,)
        return calls.native("Associate", outputs, state_size, tape_size, operands, numbers, (orders,))


def _gated(gate: Float[Array, " half"], z: Vector) -> Vector:
    """σ(gate) z, the same for real and imaginary parts."""
    return jnp.tile(jax.nn.sigmoid(gate), 2) * z
