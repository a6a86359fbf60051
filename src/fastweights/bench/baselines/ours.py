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
from fastweights.training import loop
from fastweights.training.chunk import advance
from fastweights.training.datasets import Sequences
from fastweights.training.state import stack
from fastweights.training.step import Hyperparameters

MODELS = None


class Ours(Trainer):
    """Chunks of at most `evaluate_every` updates, as training has them; several runs, which differ in their
    seeds, in one program."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        use_one_thread()
        options = self._options = specification(case).training
        rates = Hyperparameters.of(options)
        data = Sequences(jnp.asarray(inputs.tokens), jnp.asarray(inputs.targets))

        def chunk(state, key, count):
            return advance(state, rates, key, data, count, options)

        states = [
            loop.init(specification(case, seed).build_model(), options).state for seed in range(case.runs)
        ]
        self._state, self._keys, self._advance = states[0], jax.random.key(0), chunk
        if case.runs > 1:
            self._state, self._keys = stack(states), jax.random.split(self._keys, case.runs)
            self._advance = eqx.filter_jit(eqx.filter_vmap(chunk, in_axes=(eqx.if_array(0), 0, None)))

    def advance(self, updates: int) -> None:
        max_updates = self._options.evaluate_every
        for done in range(0, updates, max_updates):
            count = jnp.asarray(min(max_updates, updates - done))
            self._state, losses = self._advance(self._state, self._keys, count)
            jax.block_until_ready(losses)

    def weights(self) -> Weights:
        return named_weights(self._state.model)


def prepare_without_kernels(case: Case, inputs: Inputs) -> Trainer:
    """The same with cells in JAX: what native kernels are worth."""
    # Read when the first kernel is asked for; this baseline has a process of its own.
    os.environ[SWITCH] = "0"
    return Ours(case, inputs)
