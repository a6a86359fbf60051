"""Runs that are not finished, as files."""

from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from fastweights.errors import CheckpointError
from fastweights.training import checkpoint
from fastweights.training.state import Fit, Point, shape_of


def save_fit(path: Path | str, fit: Fit, about: Mapping[str, Any] | None = None) -> None:
    """Write a run: its state, its best model and its learning curve; `about` is anything that JSON can hold.
    The previous file survives a kill or a full disk: a callback of `fit` may write the same file after every
    evaluation.

    Raises: FileError if the file cannot be written.
    """
    record = {**(about or {}), "kind": "run", "curve": curve_of(fit), "seconds": fit.seconds}
    checkpoint.save(Path(path), {"state": fit.state, "best": fit.best}, record)


def load_fit(path: Path | str, like: Fit, about: Mapping[str, Any] | None = None) -> Fit:
    """The run that was saved, for `resume`. `like` is one of the same models and optimiser, such as `init`
    makes.

    Raises: CheckpointError if the file is not a run, was saved with another `about`, or has models or an
    optimiser of another shape or precision than `like`: it would not go on bit for bit.
    """
    arrays, saved = checkpoint.load(Path(path))
    if saved.get("kind") != "run":
        raise CheckpointError(f"{path} is not a run, but {str(saved.get('kind'))[:40]!r}")
    if any(saved.get(name) != value for name, value in (about or {}).items()):
        raise CheckpointError(f"{path} is another run")
    tree = checkpoint.restore(Path(path), {"state": like.state, "best": like.best}, arrays)
    if shape_of(tree["state"]) != shape_of(like.state):
        raise CheckpointError(f"{path} is of another precision")
    try:
        curve = tuple(Point(int(update), *map(float, rest)) for update, *rest in saved["curve"])
        return Fit(tree["state"], tree["best"], curve, float(saved["seconds"]))
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} has no learning curve: {error}") from error


def curve_of(fit: Fit) -> list[list[float]]:
    """The learning curve as numbers: 4 a point, 6 with those of the test set."""
    return [[number for number in astuple(point) if number is not None] for point in fit.curve]
