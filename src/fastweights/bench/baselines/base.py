"""The contract of a baseline. Needs no JAX."""

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Int

from fastweights.bench.cases import Case, Inputs, Weights


class Trainer(ABC):
    """A model in training."""

    @abstractmethod
    def advance(self, updates: int) -> None:
        """That many whole updates, and wait until they are done: draw a mini-batch with replacement,
        forward, backward, clip the gradient, Adam (see `cases.TRAINING`)."""

    @abstractmethod
    def weights(self) -> Weights:
        """The weights now, under our checkpoints' names and in their layout."""


class LoopedTrainer(Trainer):
    """A trainer that is driven from Python, update by update."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        self._tokens, self._targets = inputs.tokens, inputs.targets
        self._batch_size = case.batch_size
        self._generator = np.random.default_rng(0)

    def advance(self, updates: int) -> None:
        for _ in range(updates):
            rows = self._generator.integers(len(self._targets), size=self._batch_size)
            self.update(self._tokens[rows], self._targets[rows])

    @abstractmethod
    def update(self, tokens: Int[np.ndarray, "batch time"], targets: Int[np.ndarray, " batch"]) -> None:
        """One update on this mini-batch."""
