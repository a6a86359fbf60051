"""A task in your own file: the parity of a string of bits.

Pass the file to a command with `--plugin`:

    fastweights data --plugin examples/parity.py --task parity --length 12 --count 5 --split test
    fastweights train --plugin examples/parity.py --task parity --length 12 --model lstm
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

import fastweights as fw
from fastweights.errors import InvalidValueError, check_between
from fastweights.tasks.base import Example, Task


@fw.register_task("parity", source="Grazzi et al. 2024, arXiv:2411.12537, section 5.1")
@dataclass(frozen=True)
class Parity(Task):
    """Bits, drawn independently and uniformly; the class is their sum modulo 2: 10110 → 1.

    Raises: InvalidValueError if the length is not between 2 and 1,000.
    """

    num_symbols: ClassVar[int] = 2
    num_classes: ClassVar[int] = 2

    length: int = 12
    """T, the number of bits, from 2 to 1,000."""

    def __post_init__(self):
        check_between("length", self.length, 2, 1_000)

    def sample(self, key):
        bits = jax.random.bernoulli(key, shape=(self.length,)).astype(jnp.int32)
        return Example(bits, bits.sum() % 2)

    def encode(self, text):
        if len(text) != self.length or set(text) - set("01"):
            raise InvalidValueError(f"expected {self.length} bits such as {'01' * 3}…; got {text[:60]!r}")
        return np.array([int(bit) for bit in text], np.int8)

    def decode(self, inputs):
        return "".join(map(str, inputs))

    def class_name(self, target):
        return str(target)

    def floor(self):
        """One half: an answer that misses a single bit is no better than chance."""
        return 0.5
