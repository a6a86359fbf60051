"""Trained networks as the page reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx

from fastweights import registry
from fastweights.cells.base import Cell
from fastweights.cells.fast_weights import FastWeights
from fastweights.errors import InvalidValueError, check, printable
from fastweights.explorer.arrays import written
from fastweights.models import Model, SequenceClassifier
from fastweights.report.labels import model_label
from fastweights.runs.conversion import plain_options
from fastweights.runs.saved_models import SavedModel, load_model
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval

SHOWN = ("fast-weights", "irnn", "lstm", "standard-rnn")
"""The cells that the page computes."""


def networks_of(paths: Sequence[Path]) -> dict[str, Any]:
    """The networks of these files, and the task that all of them were trained for.

    Raises: CheckpointError if a file is no model; InvalidValueError for a model that the page cannot show,
    or if the models' tasks differ.
    """
    loaded = {path: load_model(path) for path in paths}
    described = [described_network(path, saved) for path, saved in loaded.items()]
    first, *others = (saved.specification.task for saved in loaded.values())
    check(
        all(other == first for other in others),
        "the page shows models of one task; these were trained for different numbers of pairs or digits",
    )
    return {
        "task": {"num_pairs": first.num_pairs, "digits": first.digits, "floor": first.floor()},
        "networks": described,
    }


def described_network(path: Path, saved: SavedModel) -> dict[str, Any]:
    """One network: its cell before and after training, its read-out, its test error.

    Of embedding and input weights the page needs their product alone: the cell's projection of each symbol.
    Raises: InvalidValueError if the page cannot show it.
    """
    specification, model, outcome = saved
    if reason := _reason_against(specification, model):
        raise InvalidValueError(f"the explorer cannot show {printable(path)}: {reason}")
    readout = model.readout
    hidden = None if readout.hidden is None else list(map(written, readout.hidden))
    return {
        "name": model_label(specification.model),
        "model": specification.model,
        "units": specification.hidden_size,
        "options": plain_options(specification.cell),
        "test_error": outcome.get("result", {}).get("test_error"),
        "updates": specification.training.updates,
        "trained": cell_arrays(model),
        "initial": cell_arrays(eqx.filter_jit(specification.build_model)()),
        "readout": {"hidden": hidden, "output": list(map(written, readout.output))},
    }


def cell_arrays(model: Model) -> dict[str, Any]:
    """The arrays of the cell by their names, and `projections`, those of all symbols, instead of `input`."""
    (block,) = model.blocks
    cell: Cell = block.cell
    arrays: dict[str, Any] = {"projections": written(block.project(model.symbol_vectors()))}
    for name in ("recurrent", "bias", "gain", "cell_gain", "cell_bias"):
        if getattr(cell, name, None) is not None:
            arrays[name] = written(getattr(cell, name))
    if isinstance(cell, FastWeights):
        arrays |= {"gains": written(cell.norms.gains), "biases": written(cell.norms.biases)}
    return arrays


def _reason_against(specification: RunSpecification, model: Model) -> str | None:
    """Why the page cannot show the model; None if it can."""
    known = tuple(registry.cells[name] for name in SHOWN)
    if specification.model not in SHOWN or not isinstance(model.cells[0], known):
        return f"it has the cell {specification.model!r}; those it can show: {', '.join(SHOWN)}"
    if not isinstance(specification.task, AssociativeRetrieval):
        return "it was trained for another task than associative-retrieval"
    if not isinstance(model, SequenceClassifier):
        return "it has layers, norms or perceptrons around its cell; it shows models of one cell alone"
    if getattr(specification.cell, "write_time", "") == "preliminary":
        return "it writes preliminary states (write_time), and so attends to no earlier ones"
    return None
