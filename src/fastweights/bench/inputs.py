"""The library's model and data for a case, as arrays that every baseline understands."""

import dataclasses
from dataclasses import replace

import jax
import numpy as np

from fastweights import registry
from fastweights.bench.cases import TRAINING, Case, Inputs, Weights
from fastweights.models import Model, partition
from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.tasks.base import Task


def task_of(case: Case) -> Task:
    """The task whose sequences a case trains on. Raises UnknownNameError if there is no such task."""
    task, options = registry.tasks[case.task], dict(case.options)
    return task(num_pairs=case.num_pairs, **options) if has_pairs(task) else task(**options)


def has_pairs(task: type) -> bool:
    """Whether the task has an option `num_pairs`."""
    return "num_pairs" in {field.name for field in dataclasses.fields(task)}


def specification(case: Case, seed: int = 0) -> RunSpecification:
    """The run whose updates are timed: a cell with its default options, the classifier of the paper.

    Raises: InvalidValueError if the model cannot have this size, UnknownNameError if there is no such model.
    """
    return RunSpecification(
        task=task_of(case),
        model=case.model,
        hidden_size=case.hidden_size,
        training=replace(TRAINING, batch_size=case.batch_size),
        data=DataOptions(train=20_000),
        seed=seed,
    )


def make_inputs(case: Case) -> Inputs:
    """The data, which depend on the task only, and the initial weights of a case."""
    run = specification(case)
    data = worker.dataset(run, "train")
    return Inputs(data.inputs, data.targets, named_weights(run.build_model()), dataclasses.asdict(run.cell))


def named_weights(model: Model) -> Weights:
    """The trained arrays under their paths: `cell.recurrent`, `readout.output.0`, …"""
    leaves = jax.tree_util.tree_leaves_with_path(partition(model)[0])
    return {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in leaves}
