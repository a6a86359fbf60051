"""`fastweights evaluate`: how well a trained model answers."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from fastweights.cli.main import parse
from fastweights.cli.progress import percent
from fastweights.cli.sequences import read_lines
from fastweights.studies import worker
from fastweights.training import evaluation


@dataclass(frozen=True)
class Evaluate:
    """What `fastweights evaluate` is told."""

    checkpoint: tyro.conf.Positional[Path]
    """A model that `train` or `reproduce` wrote."""

    sequences: Path | None = None
    """A text file with lines such as c9k8j3f1??c 9; by default the test set of the model's specification."""

    json: bool = False
    """Print a JSON object."""


def run(arguments: Sequence[str]) -> int:
    """Evaluate and print."""
    options = parse(Evaluate, arguments, "evaluate")
    worker.prepare()
    specification, model, _ = worker.load_model(options.checkpoint)
    if options.sequences is None:
        data = worker.dataset(specification, "test")
    else:
        data = read_lines(specification.task, options.sequences)
    result = evaluation.evaluate(model, data)
    floor = specification.task.floor()
    if options.json:
        print(json.dumps({**dataclasses.asdict(result), "floor": floor}))
    else:
        print(
            f"error {percent(result.error)} % on {result.count} sequences, "
            f"log likelihood {result.log_likelihood:.4f} nats, guessing floor {percent(floor)} %"
        )
    return 0
