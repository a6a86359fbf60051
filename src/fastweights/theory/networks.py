"""Networks for checks: compiled to run once, with parameters in generic position, or trained a little."""

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights import registry
from fastweights.cells.base import Cell
from fastweights.cells.simple import SimpleCell
from fastweights.models import SequenceClassifier
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Dataset
from fastweights.training.chunk import advance
from fastweights.training.datasets import Sequences
from fastweights.training.loop import init
from fastweights.training.options import TrainingOptions
from fastweights.training.step import Hyperparameters

Tree = TypeVar("Tree")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def quickly(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Like `eqx.filter_jit`, but compiled without optimisation: a program that runs once or twice on a few
    numbers spends its time in compilation, which takes a third as long this way."""
    options: Any = {"compiler_options": {"xla_backend_optimization_level": 0}}
    return eqx.filter_jit(function, **options)


def run_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, compiled `quickly`, of arrays of NumPy or of JAX; its results are NumPy's."""
    compiled = quickly(function)
    return lambda *args, **kwargs: jax.tree.map(np.asarray, compiled(*args, **kwargs))


def built(make: Callable[[], Tree]) -> Tree:
    """The function's result, compiled as one program: one for each random array would take longer."""
    return quickly(make)()


def perturbed(tree: Tree, seed: int, by: float = 0.3) -> Tree:
    """The tree with noise added to every array, so that none is zero, one or the identity; scalars, such as λ
    and η, stay."""
    rng = np.random.default_rng(seed)

    def perturb(leaf):
        if not eqx.is_inexact_array(leaf) or not leaf.ndim:
            return leaf
        return jnp.asarray(np.asarray(leaf) + by * rng.standard_normal(leaf.shape))

    return jax.tree.map(perturb, tree)


def before_and_after(
    names: Iterable[str],
    units: Callable[[str], int],
    task: AssociativeRetrieval,
    updates: int,
    learning_rate: float,
) -> dict[str, tuple[SequenceClassifier, SequenceClassifier]]:
    """For the name of each cell a classifier for the task, at initialisation and after a short training by
    the library. A cell has as many inputs as units."""

    def make(name: str) -> SequenceClassifier:
        cell_key, key = jax.random.split(jax.random.key(0))
        cell = registry.cells[name](units(name), units(name), key=cell_key)
        return SequenceClassifier(cell, task.num_symbols, task.num_classes, key=key)

    models = built(lambda: {name: make(name) for name in names})
    options = TrainingOptions(
        updates=updates, evaluate_every=updates, batch_size=32, learning_rate=learning_rate
    )
    data = sequences(task, 512, 0)
    return {name: (model, trained(model, data, options)) for name, model in models.items()}


def simple_cell(name: str, recurrent: np.ndarray, inputs: np.ndarray, bias: np.ndarray) -> SimpleCell:
    """The registered simple cell of that name with the given W, C and b."""
    hidden_size, input_size = inputs.shape
    cell = eqx.filter_eval_shape(registry.cells[name], input_size, hidden_size, key=jax.random.key(0))
    arrays = tuple(map(jnp.asarray, (recurrent, inputs, bias)))
    return eqx.tree_at(lambda cell: (cell.recurrent, cell.input, cell.bias), cell, arrays)


@run_once
def outputs(
    cell: Cell, projections: Float[Array, "batch time projection"]
) -> Float[Array, "batch time hidden"]:
    """h(1) … h(T) of each sequence."""
    return cell.unroll_projected(projections)[0]


@quickly
def trained(model: SequenceClassifier, data: Dataset, options: TrainingOptions) -> SequenceClassifier:
    """The model after all updates, by the library's training."""
    rates, updates = Hyperparameters.of(options), jnp.asarray(options.updates)
    state = init(model, options).state
    batches = Sequences(data.inputs, data.targets)
    state, _ = advance(state, rates, jax.random.key(2), batches, updates, options)
    return cast(SequenceClassifier, state.model)


def sequences(task: AssociativeRetrieval, count: int, seed: int) -> Dataset:
    """Sequences of the task, with digits drawn with replacement. By NumPy: JAX takes seconds to compile the
    task's own sampling."""
    rng = np.random.default_rng(seed)
    letters = rng.permuted(np.tile(np.arange(26), (count, 1)), axis=1)[:, : task.num_pairs]
    digits = rng.integers(10, size=(count, task.num_pairs))
    query = np.arange(count), rng.integers(task.num_pairs, size=count)
    pairs = np.stack([letters, 26 + digits], axis=2).reshape(count, -1)
    question = np.stack([np.full(count, 36), np.full(count, 36), letters[query]], axis=1)
    inputs, targets = np.concatenate([pairs, question], axis=1), digits[query]
    return Dataset(inputs.astype(np.int8), targets.astype(np.int8))
