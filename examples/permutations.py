"""A task in your own file: to keep track of an order, with an answer at every step.

Pass the file to a command with `--plugin`:

    fastweights data --plugin examples/permutations.py --task permutations --length 12 --count 5 --split test
    fastweights train --plugin examples/permutations.py --task permutations --length 12 --model lstm
"""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

import fastweights as fw
from fastweights.errors import check_between
from fastweights.tasks.base import Example, Task

ORDERS = jnp.array(list(itertools.permutations(range(3))))


@fw.register_task("permutations", source="Merrill et al. 2024, arXiv:2404.08819, section 4")
@dataclass(frozen=True)
class Permutations(Task):
    """Three things in a row; each symbol is one of the six ways to reorder them, uniformly and independently.
    The answer at every step is the order that they are in now: `1,2` → `1,4`.

    Raises: InvalidValueError if the length is not between 2 and 1,000.
    """

    num_symbols: ClassVar[int] = 6
    num_classes: ClassVar[int] = 6

    length: int = 12
    """T, the number of steps, from 2 to 1,000."""

    def __post_init__(self):
        check_between("length", self.length, 2, 1_000)

    def sample(self, key):
        symbols = jax.random.randint(key, (self.length,), 0, 6)

        def reorder(now, symbol):
            now = now[ORDERS[symbol]]
            return now, jnp.argmax((now == ORDERS).all(axis=1))

        _, answers = jax.lax.scan(reorder, jnp.arange(3), symbols)
        return Example(symbols, answers, mask=jnp.ones(self.length, bool))

    def floor(self):
        """The error of an answer that looks at the present symbol alone: right at the first step, and
        afterwards in one of six cases, since every order is equally likely whatever the symbol."""
        return 5 / 6 * (1 - 1 / self.length)
