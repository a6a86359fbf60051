"""The library: many updates in one compiled call, runs side by side by `vmap` as in `train_batched`."""

import os

import equinox as eqx
import jax
import jax.numpy as jnp

from fastweights.bench.baselines.base import Trainer
from fastweights.bench.cases import Case, Inputs, Weights
from fastweights.bench.inputs import named_weights, specification
from fastweights.native.library import SWITCH
from fastweights.runs.worker import use_one_thread
from fastweights.tasks.base import Dataset
from fastweights.training import loop
from fastweights.training.state import stack
from fastweights.training.step import Hyperparameters

MODELS = None


class _Ours(Trainer):
    """Chunks of at most `evaluate_every` updates, as training has them."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        self._options = specification(case).training
        self._hyperparameters = Hyperparameters.of(self._options)
        self._data = Dataset(jnp.asarray(inputs.tokens), jnp.asarray(inputs.targets))  # type: ignore[arg-type]
        self._state, self._keys = self._init(case)
        self._advance = self._chunk

    def _init(self, case: Case):
        return loop.init(specification(case).build_model(), self._options).state, jax.random.key(0)

    def _chunk(self, state, key, count):
        return loop.advance(state, self._hyperparameters, key, self._data, count, self._options)

    def advance(self, updates: int) -> None:
        max_updates = self._options.evaluate_every
        for done in range(0, updates, max_updates):
            count = jnp.asarray(min(max_updates, updates - done))
            self._state, losses = self._advance(self._state, self._keys, count)
            jax.block_until_ready(losses)

    def weights(self) -> Weights:
        return named_weights(self._state.model)


class _OursBatched(_Ours):
    """Several runs, which differ in their seeds, in one program."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        super().__init__(case, inputs)
        self._advance = eqx.filter_jit(eqx.filter_vmap(self._chunk, in_axes=(eqx.if_array(0), 0, None)))

    def _init(self, case: Case):
        models = [specification(case, seed).build_model() for seed in range(case.runs)]
        states = [loop.init(model, self._options).state for model in models]
        return stack(states), jax.random.split(jax.random.key(0), case.runs)


def prepare(case: Case, inputs: Inputs) -> Trainer:
    """The library's own training loop."""
    use_one_thread()
    return (_Ours if case.runs == 1 else _OursBatched)(case, inputs)


def prepare_without_kernels(case: Case, inputs: Inputs) -> Trainer:
    """The same with cells in JAX: what native kernels are worth."""
    # Read when the first kernel is asked for; this baseline has a process of its own.
    os.environ[SWITCH] = "0"
    return prepare(case, inputs)
