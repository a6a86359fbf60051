"""Writes inspection.json: what trained fast weights do with a few sequences."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from fastweights.errors import CheckpointError, FastweightsError, FileError
from fastweights.models import SequenceClassifier
from fastweights.papers.ba2016.findings.typical import typical_runs
from fastweights.papers.ba2016.inspection import InspectedModel, Reading, read_inspection, write_inspection
from fastweights.runs.worker import dataset, load_model
from fastweights.studies.analysis.runs import Record
from fastweights.studies.record.folder import RUNS
from fastweights.training.evaluation import evaluate, predict

_SEQUENCES = 4
_DECIMALS = 4


def inspect_networks(folder: Path, results: Mapping[str, Any]) -> None:
    """Write how the typical networks of the table read, where their models are in the folder.

    What was written of others stays: the pages show typical ones only. Nothing is done if there is no model,
    or if it is in the file already.

    Raises: FileError if the file cannot be written.
    """
    before = _known(folder)
    models = dict(before)
    for size, run in typical_runs(results["runs"]).items():
        path = folder / RUNS / f"{run['id']}.safetensors"
        if path.is_file() and (size not in before or before[size].run != run["id"]):
            model = _inspect(run, path)
            if model is not None:
                models[size] = model
    if models != before:
        write_inspection(folder, [models[size] for size in sorted(models)])


def _known(folder: Path) -> dict[int, InspectedModel]:
    """The models in the file, by size; what cannot be read is made anew."""
    try:
        return {model.hidden_size: model for model in read_inspection(folder)}
    except FastweightsError:
        return {}


def _inspect(run: Record, path: Path) -> InspectedModel | None:
    """None if its file is another run's, cannot be read, or the network's numbers are not finite."""
    try:
        specification, model, _ = load_model(path)
    except (CheckpointError, FileError):
        return None
    if specification.identifier != run["id"] or not isinstance(model, SequenceClassifier):
        return None
    task = specification.task
    test = dataset(specification, "test")
    chosen = _one_of_each_place([task.decode(tokens) for tokens in test.inputs[:1000]])
    inputs, targets = test.inputs[chosen], test.targets[chosen]
    tokens = jnp.asarray(inputs, jnp.int32)
    probabilities = np.exp(predict(model, inputs))
    attention = [model.attention(sequence) for sequence in tokens]
    hidden, _ = model.cell.unroll_projected(model.projections(tokens))
    numbers = (probabilities, *attention, hidden)
    if any(values is None or not np.isfinite(values).all() for values in numbers):
        return None
    return InspectedModel(
        run=run["id"],
        hidden_size=specification.hidden_size,
        seed=specification.seed,
        test_error=evaluate(model, test).error,
        decay=specification.cell.decay,
        write_rate=specification.cell.write_rate,
        sequences=[
            Reading(
                tokens=task.decode(inputs[i]),
                target=task.class_name(int(targets[i])),
                answer=task.class_name(int(probabilities[i].argmax())),
                probability=_rounded(probabilities[i].max()),
                attention=_rounded(attention[i]),
                hidden=_rounded(hidden[i]),
            )
            for i in range(len(chosen))
        ],
    )


def _one_of_each_place(texts: Sequence[str]) -> list[int]:
    """The first sequence that asks for the first pair, for the second, …: chosen by the question alone."""
    first: dict[int, int] = {}
    for i, text in enumerate(texts):
        first.setdefault(text.index(text[-1]) // 2, i)
    return [first[place] for place in sorted(first)][:_SEQUENCES]


def _rounded(values: Any) -> Any:
    return np.round(np.asarray(values, np.float64), _DECIMALS).tolist()
