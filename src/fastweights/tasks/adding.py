"""The adding problem: the sum of the two numbers that were marked."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array

from fastweights.errors import check_between, to_python_numbers
from fastweights.registry import register_task
from fastweights.tasks.base import Example, Task


@register_task("adding", source="Le, Jaitly & Hinton 2015, arXiv:1504.00941, section 4.1")
@dataclass(frozen=True)
class Adding(Task):
    """T vectors of two channels: a number from U(0, 1), and a mark, which is 1 at two steps and 0 elsewhere.
    The answer after the last step is the sum of the two marked numbers: `0.5:1,0.7:0,0.25:1,0.1:0` → 0.75.

    One mark stands in each half, uniformly: so every answer depends on a number that is at least T/2 steps
    old. (Le et al. do not say where their two marks stand; this is how Arjovsky, Shah & Bengio 2016,
    arXiv:1511.06464, place them.)

    Raises: InvalidValueError if the length is not between 2 and 10,000.
    """

    num_symbols: ClassVar[None] = None
    num_classes: ClassVar[None] = None

    length: int = 150  # type: ignore[override]
    """T, the number of steps, from 2 to 10,000."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("length", self.length, 2, 10_000)

    def sample(self, key: Array) -> Example:
        draws = jax.random.uniform(key, (self.length + 2,), jnp.float32)
        numbers, half = draws[2:], self.length // 2
        starts, sizes = jnp.array([0, half]), jnp.array([half, self.length - half])
        marked = starts + jnp.floor(draws[:2] * sizes).astype(int)
        marks = jnp.zeros(self.length).at[marked].set(1)
        return Example(jnp.stack([numbers, marks], axis=1), numbers[marked].sum(keepdims=True))

    def floor(self) -> float:
        """The mean squared error of the best constant, 1: the variance of the sum of two independent numbers
        from U(0, 1), 2 · 1/12 = 1/6. (Le et al. print 0.1767.) To remember one of the two numbers gives
        1/12."""
        return 1 / 6
