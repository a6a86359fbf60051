"""`fastweights evaluate`: how well a trained model answers."""

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from fastweights.cli.options import PluginOptions, parse
from fastweights.cli.progress import percent
from fastweights.cli.sequences import read_lines
from fastweights.errors import FastweightsError, printable
from fastweights.runs import worker
from fastweights.training import evaluation
from fastweights.training.evaluation import Evaluation


@dataclass(frozen=True)
class Evaluate(PluginOptions):
    """Options of `fastweights evaluate`."""

    checkpoint: tyro.conf.Positional[Path]
    """A model that `train` or `reproduce` wrote."""

    sequences: Path | None = None
    """A text file with lines such as c9k8j3f1??c 9, compressed by gzip or not, or - for standard input; by
    default the test set of the model's specification."""

    json: bool = False
    """Print a JSON object."""


def run(arguments: Sequence[str]) -> int:
    """Evaluate and print."""
    options = parse(Evaluate, arguments, "evaluate")
    worker.prepare()
    specification, model, _ = worker.load_model(options.checkpoint)
    if options.sequences is None:
        parts = iter([worker.dataset(specification, "test")])
    else:
        parts = read_lines(specification.task, options.sequences)
    result = _together(evaluation.evaluate(model, part) for part in parts)
    if not math.isfinite(result.log_likelihood):
        raise FastweightsError(f"{printable(options.checkpoint)} gives answers that are not finite numbers")
    floor = specification.task.floor()
    if options.json:
        print(json.dumps({**dataclasses.asdict(result), "floor": floor}))
    else:
        print(
            f"error {percent(result.error)} % on {result.count:,} sequences, "
            f"log likelihood {result.log_likelihood:.4f} nats, guessing floor {percent(floor)} %"
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
