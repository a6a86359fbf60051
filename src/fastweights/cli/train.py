"""`fastweights train`: one run."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from fastweights import registry
from fastweights.cli.interrupts import heard, patiently
from fastweights.cli.main import parse
from fastweights.cli.progress import Bars, percent
from fastweights.files import check_writable
from fastweights.models import ClassifierOptions
from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions


@dataclass(frozen=True)
class DataSizes:
    """How many sequences are drawn, and from which seed."""

    data_seed: int = 0
    """The seed of all three sets; --seed changes weights and mini-batches only."""

    train_sequences: int = 100_000
    """Training sequences."""

    validation_sequences: int = 10_000
    """Validation sequences."""

    test_sequences: int = 20_000
    """Test sequences."""


def run(arguments: Sequence[str]) -> int:
    """Train, show progress, print the result."""
    model = _model_in(arguments)
    options = parse(_arguments_for(model), arguments, "train")
    sizes = options.data
    specification = RunSpecification(
        task=options.task,
        model=model,
        hidden_size=options.hidden_size,
        cell=options.cell,
        classifier=options.classifier,
        training=options.training,
        data=DataOptions(
            sizes.data_seed, sizes.train_sequences, sizes.validation_sequences, sizes.test_sequences
        ),
        seed=options.seed,
    )
    check_writable(options.out)
    worker.prepare()
    with Bars() as bars, patiently():
        bars.add("run", f"{model} R={options.hidden_size}", options.training.updates)
        outcome = worker.run(
            specification,
            options.out,
            report=lambda point: bars.advance("run", point.update, point.validation_error),
            stopped=heard,
        )
        if outcome["state"] == "interrupted":
            raise KeyboardInterrupt
        bars.end("run", failed=outcome["state"] != "finished")
    finished = outcome["state"] == "finished"
    if options.json:
        print(json.dumps({"out": str(options.out), "specification": specification.to_json(), **outcome}))
    elif finished:
        result = outcome["result"]
        print(
            f"test error {percent(result['test_error'])} % on {result['test_count']} sequences, "
            f"log likelihood {result['test_log_likelihood']:.4f} nats, "
            f"guessing floor {percent(specification.task.floor())} %; "
            f"{result['parameters']} parameters, {result['seconds']:.1f} s; wrote {options.out}"
        )
    if not finished:
        print(f"fastweights: the run failed: {outcome['failure']}", file=sys.stderr)
    return 0 if finished else 1


def _model_in(arguments: Sequence[str]) -> str:
    """The value of the last --model: it decides which options there are."""
    model = "fast-weights"
    for here, following in zip(arguments, [*arguments[1:], model], strict=False):
        if here == "--model":
            model = following
        elif here.startswith("--model="):
            model = here.removeprefix("--model=")
    registry.cells[model]
    return model


def _arguments_for(model: str) -> type:
    """A dataclass with everything that a run of this model may be told."""
    flat = tyro.conf.OmitArgPrefixes
    fields: list[tuple[str, Any, Any]] = [
        (
            "model",
            Annotated[
                str, tyro.conf.arg(help=f"One of {', '.join(registry.cells)}; decides the cell's options.")
            ],
            model,
        ),
        ("hidden_size", Annotated[int, tyro.conf.arg(help="R, the number of hidden units.")], 50),
        ("seed", Annotated[int, tyro.conf.arg(help="Seed of the weights and of the mini-batches.")], 0),
        (
            "out",
            Annotated[Path, tyro.conf.arg(help="Where the trained model goes.")],
            Path("model.safetensors"),
        ),
        ("json", Annotated[bool, tyro.conf.arg(help="Print the record as JSON.")], False),
        ("task", flat[AssociativeRetrieval], AssociativeRetrieval()),
        ("training", flat[TrainingOptions], TrainingOptions()),
        ("cell", flat[registry.cells[model].Options], registry.cells[model].Options()),
        ("classifier", flat[ClassifierOptions], ClassifierOptions()),
        ("data", flat[DataSizes], DataSizes()),
    ]
    return dataclasses.make_dataclass(
        "Train", [(name, kind, dataclasses.field(default=value)) for name, kind, value in fields], frozen=True
    )
