"""The check of data that users hand to training and evaluation: once a call, before anything is compiled."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from fastweights.errors import InvalidValueError, check, shown
from fastweights.models import SequenceClassifier
from fastweights.tasks.base import Dataset, integer_type


def check_dataset(name: str, dataset: Any, model: SequenceClassifier) -> Dataset:
    """The inputs and targets of a dataset as arrays that fit the model, in the smallest integer types.

    Raises: InvalidValueError unless inputs (sequences, time) are symbols of the model and targets
    (sequences,) are indices of its outputs, one for each sequence.
    """
    try:
        inputs, targets = dataset
    except (TypeError, ValueError):
        raise InvalidValueError(f"the {name} must be inputs and targets; got {shown(dataset)}") from None
    inputs = check_inputs(f"inputs of the {name}", inputs, model)
    targets = _check_integers(f"targets of the {name}", targets, ("sequences",), model.num_outputs, "classes")
    check(
        len(inputs) == len(targets),
        f"the {name} must have a target for each sequence; got {len(targets)} for {len(inputs)}",
    )
    return Dataset(inputs, targets)


def check_inputs(name: str, inputs: Any, model: SequenceClassifier) -> Int[np.ndarray, "sequences time"]:
    """The inputs as an array that fits the model. Raises: InvalidValueError, as `check_dataset`."""
    return _check_integers(name, inputs, ("sequences", "time"), model.num_symbols, "symbols")


def _check_integers(name: str, values: Any, axes: Sequence[str], count: int, kind: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidValueError(f"{name} must be sequences of one length; got {shown(values)}") from None
    check(
        np.issubdtype(array.dtype, np.integer) and array.ndim == len(axes) and array.size > 0,
        f"{name} must be a non-empty array ({', '.join(axes)}) of integers; "
        f"got {array.dtype} of shape {array.shape}",
    )
    least, most = int(array.min()), int(array.max())
    check(
        least >= 0 and most < count,
        f"{name} must be {kind} from 0 to {count - 1}; got {least if least < 0 else most}",
    )
    return array.astype(integer_type(count), copy=False)
