"""Answers of a model, and how good they are."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from fastweights.cells.sequences import checked_lengths, checked_positions
from fastweights.models import Model
from fastweights.tasks.base import Dataset
from fastweights.training.datasets import Sequences, check_dataset, check_inputs
from fastweights.training.objectives import Scores, objective_of
from fastweights.training.step import outputs_of

_BLOCK_SIZE, _BLOCKS_AT_ONCE = 256, 8


@dataclass(frozen=True)
class Evaluation:
    """How good a number of answers are."""

    error: float
    """The share of wrong answers, between 0 and 1; of real vectors the mean squared error."""
    log_likelihood: float
    """The mean over the answers, in nats."""
    count: int
    """The number of answers: one for each sequence, or as many as the mask asks for."""


@eqx.filter_jit
def scores_of(model: Model, block: Sequences) -> Scores:
    """The scores of one model's answers to one block of sequences."""
    return objective_of(block.targets).scores(outputs_of(model, block), block.targets)


@eqx.filter_jit
def scores_of_batched(models: Model, block: Sequences) -> Scores:
    """The scores (runs, …) of stacked models' answers to one block of sequences."""
    return eqx.filter_vmap(scores_of, in_axes=(eqx.if_array(0), None))(models, block)


@eqx.filter_jit
def _log_probabilities(model: Model, block: tuple) -> Array:
    return jax.nn.log_softmax(_outputs(model, block))


@eqx.filter_jit
def _outputs(model: Model, block: tuple) -> Array:
    inputs, positions, lengths = block
    return model(inputs, positions, lengths=lengths)


def predict(
    model: Model, inputs: ArrayLike, positions: ArrayLike | None = None, *, lengths: ArrayLike | None = None
) -> Float[np.ndarray, "sequences *labels classes"]:
    """Log probabilities of the classes, for each of the sequences (sequences, time), after its last step or
    at its positions (sequences, labels).

    Sequences go through one compiled program in blocks of 256, the last one filled up: a sequence
    gets the same answer to the last bit whatever stands beside it.

    Raises: InvalidValueError unless `inputs` are inputs of the model, at least one sequence.
    """
    return in_blocks(_log_probabilities, model, _checked(model, inputs, positions, lengths))


def outputs(
    model: Model, inputs: ArrayLike, positions: ArrayLike | None = None, *, lengths: ArrayLike | None = None
) -> Float[np.ndarray, "sequences *labels outputs"]:
    """The model's outputs as they are, as `predict`: the answers of a model of real vectors."""
    return in_blocks(_outputs, model, _checked(model, inputs, positions, lengths))


def _checked(model: Model, inputs: Any, positions: Any, lengths: Any) -> tuple:
    inputs = check_inputs("inputs", inputs, model)
    place = inputs.shape[:1], inputs.shape[1]
    if positions is not None:
        positions = checked_positions(np.asarray(positions), *place)
    if lengths is not None:
        lengths = checked_lengths(np.asarray(lengths), *place)
    return inputs, *(None if array is None else np.asarray(array) for array in (positions, lengths))


def in_blocks(function: Callable[[Model, Any], Any], model: Model, data: Any, axis: int = 0) -> Any:
    """`function(model, block)` over blocks of sequences that were checked, joined again along an axis."""
    count = len(jax.tree.leaves(data)[0])

    def blocks(array: np.ndarray) -> list[np.ndarray]:
        padded = np.concatenate([array, np.repeat(array[-1:], -count % _BLOCK_SIZE, axis=0)])
        return np.split(padded, len(padded) // _BLOCK_SIZE)

    leaves, structure = jax.tree.flatten(data)
    # Some blocks are on their way before the first result is waited for; all of them may be too large.
    under_way, results = deque(), []
    for block in zip(*map(blocks, leaves), strict=True):
        under_way.append(function(model, structure.unflatten(block)))
        if len(under_way) == _BLOCKS_AT_ONCE:
            results.append(jax.tree.map(np.asarray, under_way.popleft()))
    results += [jax.tree.map(np.asarray, result) for result in under_way]
    places = range(count)
    return jax.tree.map(lambda *parts: np.concatenate(parts, axis=axis).take(places, axis=axis), *results)


def summarise(scores: Scores, data: Sequences) -> Evaluation:
    """The means over all answers."""
    asked = np.ones(len(data.targets), bool) if data.positions is None else data.positions >= 0
    error, log_likelihood = (scores_of_all[asked].mean(dtype=np.float64) for scores_of_all in scores)
    return Evaluation(float(error), float(log_likelihood), int(asked.sum()))


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Error and log likelihood of one model on a dataset.

    Raises: InvalidValueError unless inputs and targets fit the model, one for each sequence, and there is at
    least one.
    """
    data = check_dataset("evaluation data", dataset, model)
    return summarise(in_blocks(scores_of, model, data), data)
