"""What the standard RNN and the identity RNN share: h(t) = f(W h(t−1) + C x(t) + b)."""

from abc import abstractmethod
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell, check_sizes
from fastweights.cells.layers import layer_norm, uniform
from fastweights.cells.options.simple import SimpleOptions as SimpleOptions
from fastweights.native import attending, calls
from fastweights.native.calls import Kernel
from fastweights.types import Vector

_ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


class SimpleCell(Cell):
    """h(t) = f(W h(t−1) + C x(t) + b), or f(LN[W h(t−1) + C x(t)]) with the option `layer_norm`; h(0) = 0."""

    activation: ClassVar[Literal["relu", "tanh"]]

    recurrent: Float[Array, "hidden hidden"]
    input: Float[Array, "hidden input"]
    bias: Vector
    gain: Vector | None
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, *, options: SimpleOptions, key: Array) -> None:
        check_sizes(input_size, hidden_size)
        recurrent_key, input_key = jax.random.split(key)
        self.recurrent = self.initial_recurrent(hidden_size, options, recurrent_key)
        self.input = uniform(input_key, (hidden_size, input_size), hidden_size, options.input_scale)
        self.bias = jnp.zeros(hidden_size)
        self.gain = jnp.ones(hidden_size) if options.layer_norm else None
        self.input_size, self.hidden_size = input_size, hidden_size

    @abstractmethod
    def initial_recurrent(self, hidden_size: int, options, key: Array) -> Float[Array, "hidden hidden"]:
        """W before training."""

    def initial_state(self) -> Vector:
        return jnp.zeros(self.hidden_size, self.recurrent.dtype)

    def project(self, x: Float[Array, " input"]) -> Float[Array, " hidden"]:
        # Under layer normalisation the bias comes after the normalisation, so the projection leaves it out.
        # C x as x Cᵀ: of `C @ x` XLA copies all projections where `unroll` is mapped over sequences.
        return x @ self.input.T + self.bias if self.gain is None else x @ self.input.T

    def step(self, state: Vector, projection: Vector) -> tuple[Vector, Vector]:
        summed = self.recurrent @ state + projection
        if self.gain is not None:
            summed = layer_norm(summed, self.gain, self.bias)
        hidden = _ACTIVATIONS[self.activation](summed)
        return hidden, hidden

    def step_operations(self) -> int:
        return 2 * self.hidden_size**2

    def kernel(self, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
        if not calls.runs(length, dtype):
            return None
        # Attention that never looks back: h_0 is the state.
        plan = attending.Plan(self.activation, -1 if self.gain is None else 0, (), (), True)
        gains = self.bias[None][:0] if self.gain is None else self.gain[None]
        biases = self.bias[None][: len(gains)]
        unread = jnp.zeros((0, 0), dtype)
        return attending.kernel(plan, length, outputs, self.recurrent, gains, biases, unread)
