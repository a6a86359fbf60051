"""How well a model answers."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from fastweights.models import SequenceClassifier
from fastweights.tasks.base import Dataset

_BLOCK = 256


@dataclass(frozen=True)
class Evaluation:
    """Error (between 0 and 1) and mean log likelihood (nats) on `count` sequences."""

    error: float
    log_likelihood: float
    count: int


@eqx.filter_jit
def _log_probabilities(model: SequenceClassifier, inputs: Int[Array, "block time"]) -> Array:
    return jax.nn.log_softmax(model(inputs.T.astype("int32")), axis=0)


@eqx.filter_jit
def _log_probabilities_of_many(models: SequenceClassifier, inputs: Int[Array, "block time"]) -> Array:
    return eqx.filter_vmap(_log_probabilities, in_axes=(eqx.if_array(0), None))(models, inputs)


def predict(
    model: SequenceClassifier, inputs: Int[np.ndarray, "sequences time"], *, many: bool = False
) -> Float[np.ndarray, "*runs classes sequences"]:
    """Log probabilities of the classes, for each sequence; with `many`, for each of the stacked models.

    Sequences go through one compiled program in blocks of 256, the last one filled up: a sequence
    gets the same answer to the last bit whatever stands beside it.
    """
    function = _log_probabilities_of_many if many else _log_probabilities
    count = len(inputs)
    padded = np.concatenate([inputs, np.repeat(inputs[-1:], -count % _BLOCK, axis=0)])
    blocks = [function(model, jnp.asarray(block)) for block in padded.reshape(-1, _BLOCK, inputs.shape[1])]
    return np.concatenate([np.asarray(block) for block in blocks], axis=-1)[..., :count]


def score(
    log_probabilities: Float[np.ndarray, "classes sequences"], targets: Int[np.ndarray, " sequences"]
) -> Evaluation:
    """Error of the most probable class, and the mean log probability of the right one."""
    wrong = log_probabilities.argmax(axis=0) != targets
    right = np.take_along_axis(log_probabilities, targets[None].astype(np.int64), axis=0)
    return Evaluation(float(wrong.mean()), float(right.mean(dtype=np.float64)), len(targets))


def evaluate(model: SequenceClassifier, dataset: Dataset) -> Evaluation:
    """Error and log likelihood of one model on a dataset of at least one sequence."""
    return score(predict(model, dataset.inputs), dataset.targets)
