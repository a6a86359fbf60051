"""A task with more symbols and classes than a byte holds: repeat the first of two symbols."""

from dataclasses import dataclass

import jax
import numpy as np

from fastweights.tasks.base import Example, Task


@dataclass(frozen=True)
class WideTask(Task):
    """200 symbols, 200 classes; written as numbers with dots between them."""

    num_symbols = 200
    num_classes = 200

    @property
    def length(self) -> int:
        return 2

    def sample(self, key) -> Example:
        inputs = jax.random.randint(key, (self.length,), 0, 200)
        return Example(inputs, inputs[0])

    def encode(self, text: str) -> np.ndarray:
        return np.array(text.split("."), np.int64)

    def decode(self, inputs: np.ndarray) -> str:
        return ".".join(map(str, inputs))

    def class_name(self, target: int) -> str:
        return str(target)

    def floor(self) -> float:
        return 199 / 200
