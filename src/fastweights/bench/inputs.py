"""The library's model and data for a case, as arrays that every contender understands."""

import jax
import numpy as np

from fastweights import registry
from fastweights.bench import cases
from fastweights.bench.cases import Case, Material
from fastweights.models import SequenceClassifier, partition
from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions


def specification(case: Case, seed: int = 0) -> RunSpecification:
    """The run whose updates are timed: the paper's protocol at a constant learning rate."""
    options = registry.cells[case.model].Options
    if case.model == "fast-weights":
        cell = options(decay=cases.DECAY, write_rate=cases.WRITE_RATE)
    else:
        cell = options()
    return RunSpecification(
        task=AssociativeRetrieval(case.num_pairs),
        model=case.model,
        hidden_size=case.hidden_size,
        cell=cell,
        training=TrainingOptions(
            learning_rate=cases.LEARNING_RATE,
            schedule="constant",
            clip_norm=cases.CLIP_NORM,
            batch_size=case.batch_size,
        ),
        data=DataOptions(train=20_000),
        seed=seed,
    )


def material(case: Case) -> Material:
    """The data and the initial weights of a case; the data depend on K only."""
    chosen = specification(case)
    data = worker.dataset(chosen, "train")
    return Material(data.inputs, data.targets, named_weights(chosen.build_model()))


def named_weights(model: SequenceClassifier) -> dict[str, np.ndarray]:
    """The trained arrays under their paths: `cell.recurrent`, `readout.output.0`, …"""
    leaves = jax.tree_util.tree_leaves_with_path(partition(model)[0])
    return {
        jax.tree_util.keystr(where, simple=True, separator="."): np.asarray(leaf) for where, leaf in leaves
    }
