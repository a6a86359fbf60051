"""Trained models as files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax

from fastweights.errors import CheckpointError, FastweightsError, InvalidValueError
from fastweights.models import Model
from fastweights.plugins import PluginError
from fastweights.runs.specification import RunSpecification
from fastweights.training import checkpoint
from fastweights.training.checkpoint import Arrays


class SavedModel(NamedTuple):
    """What a file holds."""

    specification: Any
    """The `RunSpecification` that made the model; None if it was saved without."""
    model: Model
    outcome: dict[str, Any]
    """The record of its training, if `train` or a study saved it: curve, result, environment."""


def save_model(
    path: Path | str,
    model: Model,
    *,
    specification: RunSpecification | None = None,
    outcome: Mapping[str, Any] | None = None,
) -> None:
    """Write a model: its arrays, and the specification that made it, if there is one. With it the file says
    all that `load_model` and the commands need to know, plugins included; a model that was put together by
    hand is loaded into another one of its shape.

    Raises: FileError if the file cannot be written; InvalidValueError if the specification makes models of
    another shape.
    """
    about: dict[str, Any] = {"kind": "model"}
    if specification is not None:
        if _shapes(specification.build_model) != _shapes(lambda: model):
            raise InvalidValueError("the specification makes models of another shape")
        about |= {"specification": specification.to_json(), "outcome": dict(outcome or {})}
    checkpoint.save(Path(path), {"model": model}, about)


def load_model(path: Path | str, like: Model | None = None) -> SavedModel:
    """A model, its specification, and the outcome of its training. With `like`, a model of the same shape,
    its arrays are replaced by those of the file.

    Raises: CheckpointError if the file is not a model; if it was trained with a plugin that is not loaded, or
    was changed; or if it was saved without a specification, and there is no model like it.
    """
    path = Path(path)
    arrays, about = _read(path)
    specification, template = None, like
    if like is None or "specification" in about:
        specification = _specification(path, about)
        # Names, shapes and types are enough: nothing is drawn that the file's arrays would replace.
        template = like if like is not None else eqx.filter_eval_shape(specification.build_model)
    model: Any = checkpoint.restore(path, {"model": template}, arrays)["model"]
    return SavedModel(specification, model, about.get("outcome", {}))


def load_specification(path: Path) -> RunSpecification:
    """The specification of a model's file, without the model. Raises: CheckpointError, as `load_model`."""
    return _specification(path, _read(path)[1])


def _read(path: Path) -> tuple[Arrays, dict[str, Any]]:
    arrays, about = checkpoint.load(path)
    if about.get("kind") != "model":
        raise CheckpointError(f"{path} is not a trained model, but {str(about.get('kind'))[:40]!r}")
    return arrays, about


def _specification(path: Path, about: Mapping[str, Any]) -> RunSpecification:
    if "specification" not in about:
        raise CheckpointError(f"{path} was saved without a specification: load_model needs a model like it")
    try:
        return RunSpecification.from_json(about["specification"])
    except PluginError as error:
        raise CheckpointError(f"{path} was trained with {error}") from error
    except FastweightsError as error:
        raise CheckpointError(f"{path} has a specification that cannot be used: {error}") from error


def _shapes(make: Callable[[], Model]) -> tuple[Any, list]:
    leaves, structure = jax.tree.flatten(eqx.filter_eval_shape(make))
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]
