"""Parity: are there an odd number of ones?"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fastweights.errors import check, check_between, shown, to_python_numbers
from fastweights.registry import register_task
from fastweights.tasks.base import Example, Task

_LONGEST = 100_000


@register_task("parity", source="Grazzi et al. 2024, arXiv:2411.12537, section 5.1")
@dataclass(frozen=True)
class Parity(Task):
    """Bits, drawn independently and uniformly; the answer after the last one is their sum modulo 2: `10110` →
    1.

    The number of bits is drawn uniformly from min_length … max_length: one set holds sequences of all these
    lengths. A model that was trained on short ones can be evaluated on long ones, of the task with other
    lengths.

    Raises: InvalidValueError unless 1 ≤ min_length ≤ max_length ≤ 100,000.
    Source of the lengths: Grazzi et al. train from 3 to 40 and evaluate from 40 to 256.
    """

    num_symbols: ClassVar[int] = 2
    num_classes: ClassVar[int] = 2

    min_length: int = 3
    """The fewest bits, at least 1."""

    max_length: int = 40
    """The most bits, at most 100,000."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("max_length", self.max_length, 1, _LONGEST)
        check_between("min_length", self.min_length, 1, self.max_length)

    @property
    def length(self) -> int:
        return self.max_length

    def sample(self, key: Array) -> Example:
        bits_key, length_key = jax.random.split(key)
        bits = jax.random.bernoulli(bits_key, shape=(self.max_length,)).astype(jnp.int32)
        if self.min_length == self.max_length:
            return Example(bits, bits.sum() % 2)
        length = jax.random.randint(length_key, (), self.min_length, self.max_length + 1)
        return Example(bits, jnp.sum(bits, where=jnp.arange(self.max_length) < length) % 2, lengths=length)

    def encode(self, text: str) -> np.ndarray:
        good = self.min_length <= len(text) <= self.max_length and set(text) <= set("01")
        check(good, f"expected {self.min_length} to {self.max_length} bits such as 10110; got {shown(text)}")
        return np.array([int(bit) for bit in text])

    def decode(self, inputs: np.ndarray) -> str:
        return "".join(map(str, inputs))

    def floor(self) -> float:
        """One half: each bit alone decides the answer, so one that misses a single bit is no better than
        chance."""
        return 0.5
