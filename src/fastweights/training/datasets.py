"""The check of data that users hand to training and evaluation: once a call, before anything is compiled."""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from fastweights.errors import InvalidValueError, check, shown
from fastweights.models import Model, SequenceClassifier
from fastweights.tasks.base import Dataset, integer_type

AnyArray = Any
"""NumPy's, or on the device."""


class Sequences(NamedTuple):
    """A dataset as training and evaluation compute with it: by the positions where answers are asked.

    Shapes: targets are (sequences,) or (sequences, outputs) if one answer is asked after the last step; else
    (sequences, labels) or (sequences, labels, outputs) at the positions, of which those that a sequence has
    too few of are −1.
    """

    inputs: Int[AnyArray, "sequences time"] | Float[AnyArray, "sequences time channels"]
    targets: Int[AnyArray, "sequences *labels"] | Float[AnyArray, "sequences *labels outputs"]
    positions: Int[AnyArray, "sequences labels"] | None = None
    lengths: Int[AnyArray, " sequences"] | None = None


def check_dataset(name: str, dataset: Any, model: Model) -> Sequences:
    """The dataset as arrays that fit the model, in the smallest types.

    Raises: InvalidValueError unless inputs (sequences, time) are symbols of the model, or (sequences, time,
    channels) finite real vectors of as many channels as it has; targets are indices of its outputs, or, but
    for a SequenceClassifier, finite real vectors of as many, one for each sequence, or for each step if there
    is a mask (sequences, time) of truth values; lengths (sequences,) are from 1 to time, and nothing is asked
    after them.
    """
    try:
        inputs, targets, mask, lengths = Dataset(*dataset)
    except TypeError:
        raise InvalidValueError(f"the {name} must be inputs and targets; got {shown(dataset)}") from None
    inputs = check_inputs(f"inputs of the {name}", inputs, model)
    axes = ("sequences",) if mask is None else ("sequences", "time")
    targets = _checked_targets(f"targets of the {name}", targets, axes, model)
    if lengths is not None:
        lengths = _integers(f"lengths of the {name}", lengths, ("sequences",)).astype(np.int32)
        odd = lengths[(lengths < 1) | (lengths > inputs.shape[1])]
        check(not odd.size, f"lengths of the {name} must be from 1 to {inputs.shape[1]}; got {odd[:1]}")
    if mask is not None:
        mask = _array(f"mask of the {name}", mask)
        got = f"{mask.dtype} of shape {mask.shape}"
        check(
            mask.dtype == bool and mask.shape == inputs.shape[:2],
            f"the mask of the {name} must be truth values of shape {inputs.shape[:2]}; got {got}",
        )
        check(bool(mask.any()), f"the mask of the {name} asks for no answer")
    for array, what in ((targets, "a target"), (lengths, "a length")):
        count = len(inputs) if array is None else len(array)
        check(
            count == len(inputs),
            f"the {name} must have {what} for each sequence; got {count} for {len(inputs)}",
        )
    if lengths is not None:  # what stands behind a sequence may be anything
        ended = np.arange(inputs.shape[1]) >= lengths[:, None]
        check(mask is None or not (mask & ended).any(), f"the mask of the {name} asks after a sequence's end")
        inputs = np.where(ended[..., None] if inputs.ndim == 3 else ended, 0, inputs).astype(inputs.dtype)
    if mask is None:
        return Sequences(inputs, targets, None, lengths)
    positions = _positions(mask)
    rows = np.arange(len(mask))[:, None]
    return Sequences(inputs, targets[rows, np.maximum(positions, 0)], positions, lengths)


def check_inputs(
    name: str, inputs: Any, model: Model
) -> Int[np.ndarray, "sequences time"] | Float[np.ndarray, "sequences time channels"]:
    """The inputs as an array that fits the model. Raises: InvalidValueError, as `check_dataset`."""
    if model.num_symbols is not None:
        return _classes(name, inputs, ("sequences", "time"), model.num_symbols, "symbols")
    array = _reals(name, inputs, ("sequences", "time", "channels"))
    check(
        array.shape[-1] == model.num_channels,
        f"{name} must have {model.num_channels} channels; got {array.shape[-1]}",
    )
    return array


def _checked_targets(name: str, targets: Any, axes: tuple[str, ...], model: Model) -> np.ndarray:
    """Classes if they are integers or the model knows nothing else, real vectors otherwise."""
    array = _array(name, targets)
    classifies = isinstance(model, SequenceClassifier)
    if classifies or not np.issubdtype(array.dtype, np.floating) or array.ndim == len(axes):
        return _classes(name, array, axes, model.num_outputs, "classes")
    array = _reals(name, array, (*axes, "outputs"))
    check(
        array.shape[-1] == model.num_outputs,
        f"{name} must have {model.num_outputs} numbers; got {array.shape[-1]}",
    )
    return array


def _positions(mask: np.ndarray) -> Int[np.ndarray, "sequences labels"]:
    """The places of the true entries of each row, and −1 where another row has more."""
    order = np.argsort(~mask, axis=1, kind="stable")[:, : mask.sum(axis=1).max()]
    return np.where(np.take_along_axis(mask, order, axis=1), order, -1).astype(np.int32)


def _array(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:
        raise InvalidValueError(f"{name} must be sequences of one length; got {shown(values)}") from None


def _integers(name: str, values: Any, axes: tuple[str, ...]) -> np.ndarray:
    return _of_type(name, values, axes, np.integer, "integers")


def _classes(name: str, values: Any, axes: tuple[str, ...], count: int, kind: str) -> np.ndarray:
    array = _integers(name, values, axes)
    least, most = int(array.min()), int(array.max())
    check(
        least >= 0 and most < count,
        f"{name} must be {kind} from 0 to {count - 1}; got {least if least < 0 else most}",
    )
    return array.astype(integer_type(count), copy=False)


def _reals(name: str, values: Any, axes: tuple[str, ...]) -> np.ndarray:
    array = _of_type(name, values, axes, np.floating, "real numbers")
    with np.errstate(over="ignore"):  # what becomes infinite in fewer bits is refused, too
        array = array.astype(jax.dtypes.canonicalize_dtype(np.float64), copy=False)
    check(bool(np.isfinite(array).all()), f"{name} must be finite numbers in {array.dtype}")
    return array


def _of_type(name: str, values: Any, axes: tuple[str, ...], kind: type, words: str) -> np.ndarray:
    array = _array(name, values)
    got = f"{array.dtype} of shape {array.shape}"
    check(
        np.issubdtype(array.dtype, kind) and array.ndim == len(axes) and array.size > 0,
        f"{name} must be a non-empty array ({', '.join(axes)}) of {words}; got {got}",
    )
    return array
