"""`fastweights evaluate`: how well a trained model answers."""

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tyro

from fastweights.cli.options import PluginOptions, parse, task_of_model
from fastweights.cli.progress import answers, error_of, floor_of
from fastweights.cli.sequences import read_lines
from fastweights.errors import FastweightsError, check_between, printable
from fastweights.runs import worker
from fastweights.runs.specification import MAX_SEQUENCES
from fastweights.tasks.base import Task
from fastweights.training import evaluation
from fastweights.training.evaluation import Evaluation


@dataclass(frozen=True)
class Evaluate(PluginOptions):
    """Options of `fastweights evaluate`."""

    model: tyro.conf.Positional[Path]
    """A model that `train` or `reproduce` wrote."""

    sequences: Path | None = None
    """A text file with lines such as c9k8j3f1??c 9, compressed by gzip or not, or - for standard input; by
    default the test set of the model's specification."""

    count: int | None = None
    """How many test sequences are drawn; by default as many as the model's specification says."""

    json: bool = False
    """Print a JSON object."""


def run(arguments: Sequence[str]) -> int:
    """Evaluate and print."""
    options = parse(Evaluate, arguments, "evaluate", partial(task_of_model, split="test"))
    worker.prepare()
    specification, model, _ = worker.load_model(options.model)
    # The task may have been given other options than the model was trained with: longer sequences.
    task: Task = options.task
    if options.sequences is not None:
        parts = read_lines(task, options.sequences)
    else:
        data, count = specification.data, options.count
        check_between("count", data.test if count is None else count, 1, MAX_SEQUENCES)
        parts = iter([task.split("test", count or data.test, data.seed)])
    result = _together(evaluation.evaluate(model, part) for part in parts)
    if not math.isfinite(result.log_likelihood):
        raise FastweightsError(f"{printable(options.model)} gives answers that are not finite numbers")
    if options.json:
        print(json.dumps({**dataclasses.asdict(result), "floor": task.floor()}))
    else:
        print(
            f"{error_of(task.error_kind, result.error)} on {answers(task, result.count)}, "
            f"log likelihood {result.log_likelihood:.4f} nats, {floor_of(task)}"
        )
    return 0


def _together(parts: Iterable[Evaluation]) -> Evaluation:
    """One evaluation from those of parts of the data."""
    error = log_likelihood = count = 0
    for part in parts:
        # Running means: those of a single part are its own to the last bit.
        count += part.count
        error += (part.error - error) * (part.count / count)
        log_likelihood += (part.log_likelihood - log_likelihood) * (part.count / count)
    return Evaluation(float(error), float(log_likelihood), count)
