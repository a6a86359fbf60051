"""Answers of a model, and how good they are."""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from fastweights.models import SequenceClassifier
from fastweights.tasks.base import Dataset
from fastweights.training.datasets import check_dataset, check_inputs

_BLOCK_SIZE = 256


@dataclass(frozen=True)
class Evaluation:
    """Error (between 0 and 1) and mean log likelihood (nats) on `count` sequences."""

    error: float
    log_likelihood: float
    count: int


@eqx.filter_jit
def log_probabilities(model: SequenceClassifier, inputs: Int[Array, "block time"]) -> Array:
    """Log probabilities (block, classes) of one model for one block of sequences."""
    return jax.nn.log_softmax(model(inputs.astype("int32")))


@eqx.filter_jit
def log_probabilities_batched(models: SequenceClassifier, inputs: Int[Array, "block time"]) -> Array:
    """Log probabilities (runs, block, classes) of stacked models for one block of sequences."""
    return eqx.filter_vmap(log_probabilities, in_axes=(eqx.if_array(0), None))(models, inputs)


def predict(model: SequenceClassifier, inputs: ArrayLike) -> Float[np.ndarray, "sequences classes"]:
    """Log probabilities of the classes, for each of the sequences (sequences, time).

    Sequences go through one compiled program in blocks of 256, the last one filled up: a sequence
    gets the same answer to the last bit whatever stands beside it.

    Raises: InvalidValueError unless `inputs` are symbols of the model, at least one sequence.
    """
    return in_blocks(log_probabilities, model, check_inputs("inputs", inputs, model))


def in_blocks(
    function: Callable[[SequenceClassifier, Array], Array],
    model: SequenceClassifier,
    inputs: Int[np.ndarray, "sequences time"],
) -> Float[np.ndarray, "*runs sequences classes"]:
    """`function(model, block)` over blocks of sequences that were checked, joined again."""
    count = len(inputs)
    padded = np.concatenate([inputs, np.repeat(inputs[-1:], -count % _BLOCK_SIZE, axis=0)])
    blocks = [function(model, jnp.asarray(block)) for block in np.split(padded, len(padded) // _BLOCK_SIZE)]
    return np.concatenate([np.asarray(block) for block in blocks], axis=-2)[..., :count, :]


def score(
    log_probabilities: Float[np.ndarray, "sequences classes"], targets: Int[np.ndarray, " sequences"]
) -> Evaluation:
    """Error of the most probable class, and the mean log probability of the right one."""
    wrong = log_probabilities.argmax(axis=-1) != targets
    right = np.take_along_axis(log_probabilities, targets[:, None].astype(np.int64), axis=-1)
    return Evaluation(float(wrong.mean()), float(right.mean(dtype=np.float64)), len(targets))


def evaluate(model: SequenceClassifier, dataset: Dataset) -> Evaluation:
    """Error and log likelihood of one model on a dataset.

    Raises: InvalidValueError unless inputs are symbols of the model and targets its classes, one for each
    sequence, and there is at least one.
    """
    inputs, targets = check_dataset("evaluation data", dataset, model)
    return score(in_blocks(log_probabilities, model, inputs), targets)
