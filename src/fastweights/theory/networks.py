"""Networks for checks: programs that run once, and numbers in generic position where none may be special."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights import registry
from fastweights.models import SequenceClassifier
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Dataset
from fastweights.training.loop import advance, init
from fastweights.training.options import TrainingOptions
from fastweights.training.step import Hyperparameters

Tree = TypeVar("Tree")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def run_once(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compiled as by `eqx.filter_jit`, but without optimisation: for a program that runs once or twice on a
    few numbers, compiling is all the time it takes, and this way takes a third of it."""
    options: Any = {"compiler_options": {"xla_backend_optimization_level": 0}}
    return eqx.filter_jit(function, **options)


def built(make: Callable[[], Tree]) -> Tree:
    """What the function makes, by one program: one for each random array would take longer."""
    return run_once(make)()


def moved(tree: Tree, seed: int, by: float = 0.3) -> Tree:
    """The tree with every array moved at random, so that none is zero, one or the identity; single numbers,
    such as λ and η, stay."""
    rng = np.random.default_rng(seed)

    def move(leaf):
        if not eqx.is_inexact_array(leaf) or not leaf.ndim:
            return leaf
        return jnp.asarray(np.asarray(leaf) + by * rng.standard_normal(leaf.shape))

    return jax.tree.map(move, tree)


def untrained(name: str, units: int, task: AssociativeRetrieval) -> SequenceClassifier:
    """A registered cell of that name with as many inputs as units, in a classifier for the task."""
    cell_key, key = jax.random.split(jax.random.key(0))
    cell = registry.cells[name](units, units, key=cell_key)
    return SequenceClassifier(cell, task.num_symbols, task.num_classes, key=key)


@run_once
def trained(model: SequenceClassifier, data: Dataset, options: TrainingOptions) -> SequenceClassifier:
    """The model after all updates, by the library's training."""
    rates, updates = Hyperparameters.of(options), jnp.asarray(options.updates)
    state = init(model, options).state
    return advance(state, rates, jax.random.key(2), data, updates, options)[0].model


def sequences(task: AssociativeRetrieval, count: int, seed: int) -> Dataset:
    """Some of the task's, with digits drawn with replacement. By NumPy: JAX takes seconds to compile what
    draws them."""
    rng = np.random.default_rng(seed)
    letters = rng.permuted(np.tile(np.arange(26), (count, 1)), axis=1)[:, : task.num_pairs]
    digits = rng.integers(10, size=(count, task.num_pairs))
    asked = rng.integers(task.num_pairs, size=count)
    every = np.arange(count)
    pairs = np.stack([letters, 26 + digits], axis=2).reshape(count, -1)
    question = np.stack([np.full(count, 36), np.full(count, 36), letters[every, asked]], axis=1)
    inputs, targets = np.concatenate([pairs, question], axis=1), digits[every, asked]
    return Dataset(inputs.astype(np.int8), targets.astype(np.int8))
