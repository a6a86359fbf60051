"""The contract of a contender. Needs no JAX."""

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from fastweights.bench.cases import Case, Material

Weights = dict[str, Float[np.ndarray, "..."]]


class Trainer(Protocol):
    """A model in training."""

    def advance(self, updates: int) -> None:
        """That many whole updates, and wait until they are done: draw a mini-batch with replacement,
        forward, backward, clip the gradient at norm 5, Adam."""
        ...

    def weights(self) -> Weights:
        """The weights now, under our checkpoints' names and in their layout."""
        ...


class LoopedTrainer(ABC):
    """A trainer that is driven from Python, update by update."""

    def __init__(self, case: Case, material: Material) -> None:
        self._inputs, self._targets = material.inputs, material.targets
        self._batch_size = case.batch_size
        self._generator = np.random.default_rng(0)

    def advance(self, updates: int) -> None:
        for _ in range(updates):
            rows = self._generator.integers(len(self._targets), size=self._batch_size)
            self.update(self._inputs[rows], self._targets[rows])

    @abstractmethod
    def update(self, inputs: Int[np.ndarray, "batch time"], targets: Int[np.ndarray, " batch"]) -> None:
        """One update on this mini-batch."""

    @abstractmethod
    def weights(self) -> Weights:
        """The weights now, under our checkpoints' names and in their layout."""
