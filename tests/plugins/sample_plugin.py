"""A plugin with one of each: a cell, a memory, a task, a check and a paper. Tests copy it out of the tree."""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import fastweights as fw
from fastweights.cells.base import check_sizes
from fastweights.errors import InvalidValueError, check_between
from fastweights.memories.base import outer
from fastweights.memories.linear import LinearMemory
from fastweights.studies.papers import Paper
from fastweights.tasks.base import Example, Task
from fastweights.theory.check import Check, Finding, Quantity


@dataclass(frozen=True)
class LeakyOptions:
    """Options of leaky units."""

    leak: float = 0.5
    """The share of its state that a unit keeps."""

    scales: tuple[float, ...] = (1.0,)
    """Factors of the input's weights, multiplied."""

    def __post_init__(self) -> None:
        check_between("leak", self.leak, 0, 1)


@fw.register_cell("leaky", source="a test")
class Leaky(fw.Cell):
    """h(t) = leak h(t−1) + tanh(W h(t−1) + C x(t)).

    Shapes: x (input,), state and output (hidden,).
    """

    Options: ClassVar[type] = LeakyOptions
    recurrent: Float[Array, "hidden hidden"]
    input: Float[Array, "hidden input"]
    leak: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size, hidden_size, *, options=LeakyOptions(), key):
        check_sizes(input_size, hidden_size)
        recurrent_key, input_key = jax.random.split(key)
        scale = hidden_size**-0.5
        self.recurrent = jax.random.uniform(
            recurrent_key, (hidden_size, hidden_size), minval=-scale, maxval=scale
        )
        scale *= float(np.prod(options.scales))
        self.input = jax.random.uniform(input_key, (hidden_size, input_size), minval=-scale, maxval=scale)
        self.leak, self.input_size, self.hidden_size = options.leak, input_size, hidden_size

    def initial_state(self):
        return jnp.zeros(self.hidden_size, self.recurrent.dtype)

    def project(self, x):
        return x @ self.input.T

    def step(self, state, projection):
        state = self.leak * state + jnp.tanh(self.recurrent @ state + projection)
        return state, state


@fw.register_task("count-ones", source="a test")
@dataclass(frozen=True)
class CountOnes(Task):
    """Bits; the class is how many of them are 1, modulo 3: 10110 → 0."""

    num_symbols: ClassVar[int] = 2
    num_classes: ClassVar[int] = 3

    length: int = 12
    """T, the number of bits, from 2 to 100."""

    def __post_init__(self):
        check_between("length", self.length, 2, 100)

    def sample(self, key):
        bits = jax.random.bernoulli(key, shape=(self.length,)).astype(jnp.int32)
        return Example(bits, bits.sum() % 3)

    def encode(self, text):
        if len(text) != self.length or set(text) - set("01"):
            raise InvalidValueError(f"expected {self.length} bits; got {text[:60]!r}")
        return np.array([int(bit) for bit in text], np.int8)

    def decode(self, inputs):
        return "".join(map(str, inputs))

    def class_name(self, target):
        return str(target)

    def floor(self):
        return 2 / 3


@fw.register_memory("summed", source="a test")
class Summed(LinearMemory):
    """M ← M + v kᵀ on writing, M q on reading."""

    matrix: Float[Array, "... value key"]

    def write(self, key, value):
        return Summed(self.matrix + outer(value, key))


@fw.register_check("one-is-one", source="a test")
class OneIsOne(Check):
    """One is one."""

    statement: ClassVar[str] = "1 = 1."
    one: float = 1.0

    def examine(self):
        return Finding(Quantity("one", self.one, 1, 1))


@fw.register_paper("mine2027", source="a test")
class Mine2027(Paper):
    """A paper with one small study."""

    title = "leaky units"
    presets = ("mine",)

    def preset(self, name):
        from fastweights.studies.description import StudyDescription

        return StudyDescription.of(
            {
                "hidden_size": 4,
                "seeds": [0],
                "task": {"name": "count-ones", "length": 10},
                "models": [{"name": "leaky"}],
                "training": {"updates": 20, "evaluate_every": 10},
                "data": {"train": 200, "validation": 20, "test": 30},
            }
        )
