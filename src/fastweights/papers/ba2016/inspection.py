"""What trained fast weights do with a few sequences, as data: the report draws it without JAX.

illustration.json in a study's folder holds, for one run each of R = 20 and 50, the sequences as text, the
answers, equation 4's attention, and the hidden states, of which the report computes A(t).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from fastweights.errors import CheckpointError, FileError
from fastweights.files import write_atomically
from fastweights.runs.worker import dataset, load_model
from fastweights.studies.analysis.runs import Record, outcome
from fastweights.studies.record.folder import RUNS
from fastweights.training.evaluation import evaluate, predict

ILLUSTRATION = "illustration.json"
SIZES = (20, 50)
_SEQUENCES = 4
_DECIMALS = 4


def illustrate(folder: Path, results: Mapping[str, Any]) -> None:
    """Write what is known of the models in the folder; what was written of those that are gone stays.

    Of the table's fast-weights runs of each size whose models are there, the one with the median test error
    is taken. Nothing is done if there is none, or if it is in the file already.

    Raises: FileError if the file cannot be written.
    """
    path = Path(folder) / ILLUSTRATION
    before = _known(path)
    models = dict(before)
    for size in SIZES:
        chosen = _median_run(results["runs"], size, Path(folder) / RUNS)
        if chosen is not None and before.get(str(size), {}).get("run") != chosen["id"]:
            described = _describe(chosen, _model_file(Path(folder) / RUNS, chosen))
            if described is not None:
                models[str(size)] = described
    if models != before:
        text = json.dumps({"format": 1, "models": [models[size] for size in sorted(models, key=int)]})
        write_atomically(path, text.encode())


def _known(path: Path) -> dict[str, dict[str, Any]]:
    """The models in the file, by size; what cannot be read is made anew."""
    try:
        models = json.loads(path.read_text(encoding="utf-8"))["models"]
        return {str(int(model["hidden_size"])): dict(model) for model in models}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _median_run(runs: Sequence[Record], size: int, folder: Path) -> Record | None:
    """The lower median; ties go to the earlier."""
    found = [
        run
        for run in runs
        if outcome(run) == "finished"
        and any(role["part"] == "table" for role in run.get("roles") or ())
        and run["specification"]["model"]["name"] == "fast-weights"
        and run["specification"]["model"]["hidden_size"] == size
        and _model_file(folder, run).is_file()
    ]
    found.sort(key=lambda run: run["result"]["test_error"])
    return found[(len(found) - 1) // 2] if found else None


def _model_file(folder: Path, run: Record) -> Path:
    return folder / f"{run['id']}.safetensors"


def _describe(run: Record, path: Path) -> dict[str, Any] | None:
    """A model's entry; None if its file is another's, cannot be read, or gives numbers that are none."""
    try:
        specification, model, _ = load_model(path)
    except (CheckpointError, FileError):
        return None
    if specification.identifier != run["id"]:
        return None
    task = specification.task
    test = dataset(specification, "test")
    chosen = _one_of_each_place([task.decode(each) for each in test.inputs[:1000]])
    inputs, targets = test.inputs[chosen], test.targets[chosen]
    tokens = jnp.asarray(inputs.T, jnp.int32)
    probabilities = np.exp(predict(model, inputs))
    attention, hidden = model.attention(tokens), model.cell.unroll_projected(model.projections(tokens))
    if attention is None or not all(np.isfinite(each).all() for each in (probabilities, attention, hidden)):
        return None
    options = specification.to_json()["model"]["cell"]
    return {
        "run": run["id"],
        "hidden_size": specification.hidden_size,
        "seed": specification.seed,
        # The network's own: trained again on another machine, it is not the record's to the last bit.
        "test_error": evaluate(model, test).error,
        "decay": options["decay"],
        "write_rate": options["write_rate"],
        "sequences": [
            {
                "tokens": task.decode(inputs[i]),
                "target": task.class_name(int(targets[i])),
                "answer": task.class_name(int(probabilities[:, i].argmax())),
                "probability": _rounded(probabilities[:, i].max()),
                "attention": _rounded(attention[:, :, i]),
                "hidden": _rounded(hidden[:, :, i]),
            }
            for i in range(len(chosen))
        ],
    }


def _one_of_each_place(texts: Sequence[str]) -> list[int]:
    """The first sequence that asks for the first pair, for the second, …: chosen by the question alone."""
    first: dict[int, int] = {}
    for i, text in enumerate(texts):
        first.setdefault(text.index(text[-1]) // 2, i)
    return [first[place] for place in sorted(first)][:_SEQUENCES]


def _rounded(values: Any) -> Any:
    return np.round(np.asarray(values, np.float64), _DECIMALS).tolist()
