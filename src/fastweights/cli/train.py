"""`fastweights train`: one run."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastweights import registry
from fastweights.cli.interrupts import defer_interrupts, interrupt_requested
from fastweights.cli.options import Groups, TaskOptions, check_csv, last_value, parse, task_in
from fastweights.cli.progress import Bars, answers, error_of, floor_of
from fastweights.files import check_writable
from fastweights.models import BlockOptions, ClassifierOptions
from fastweights.report.error_units import UNITS
from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.runs.tracing import check_code
from fastweights.training.callbacks import CSVCurve, TensorBoardCurve
from fastweights.training.options import TrainingOptions


@dataclass(frozen=True)
class Train(TaskOptions):
    """Options of `fastweights train`; those of the model and of the task are added."""

    model: str = "fast-weights"
    """The model's name (see fastweights models); it decides which options the cell has."""

    hidden_size: int = 50
    """R, the number of hidden units."""

    seed: int = 0
    """Seed of the weights and of the mini-batches."""

    out: Path = Path("model.safetensors")
    """Where the trained model goes."""

    csv: Path | None = None
    """Write the learning curve to this file, as a table that is whole after each evaluation."""

    tensorboard: Path | None = None
    """Write the learning curve into this folder, for TensorBoard; it needs the extra tensorboard."""

    json: bool = False
    """Print the record as JSON."""


@dataclass(frozen=True)
class DataSizes:
    """How many sequences are drawn, and from which seed."""

    data_seed: int = DataOptions.seed
    """The seed of all three sets; --seed changes weights and mini-batches only."""

    train_sequences: int = DataOptions.train
    """Training sequences."""

    validation_sequences: int = DataOptions.validation
    """Validation sequences."""

    test_sequences: int = DataOptions.test
    """Test sequences."""


def run(arguments: Sequence[str]) -> int:
    """Train, show progress, print the result."""
    options = parse(Train, arguments, "train", _groups_of)
    task, sizes, kind = options.task, options.data, options.task.error_kind
    specification = RunSpecification(
        task=task,
        model=options.model,
        hidden_size=options.hidden_size,
        cell=options.cell,
        classifier=options.classifier,
        training=options.training,
        data=DataOptions(
            sizes.data_seed, sizes.train_sequences, sizes.validation_sequences, sizes.test_sequences
        ),
        seed=options.seed,
        blocks=options.blocks,
    )
    check_writable(options.out)
    callbacks = []
    if options.csv is not None:
        check_csv("csv", options.csv)
        callbacks.append(CSVCurve(options.csv))
    if options.tensorboard is not None:
        callbacks.append(TensorBoardCurve(options.tensorboard))
    worker.prepare()
    check_code(specification)
    with Bars() as bars, defer_interrupts():
        bars.add("run", f"{options.model} R={options.hidden_size}", options.training.updates)
        outcome = worker.run(
            specification,
            options.out,
            report=lambda point: bars.advance("run", point.update, UNITS[kind].full(point.validation_error)),
            stopped=interrupt_requested,
            callbacks=callbacks,
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
            f"test {error_of(kind, result['test_error'])} on {answers(task, result['test_count'])}, "
            f"log likelihood {result['test_log_likelihood']:.4f} nats, {floor_of(task)}; "
            f"{result['parameters']} parameters, {result['seconds']:.1f} s; wrote {options.out}"
        )
    if not finished:
        print(f"fastweights: the run failed: {outcome['failure']}", file=sys.stderr)
    return 0 if finished else 1


def _groups_of(arguments: Sequence[str]) -> Groups:
    """The options of a run of the model and the task that the arguments name."""
    return {
        "task": task_in(arguments),
        "training": TrainingOptions,
        "cell": registry.cells[last_value(arguments, "--model", Train.model)].Options,
        "classifier": ClassifierOptions,
        "blocks": BlockOptions,
        "data": DataSizes,
    }
