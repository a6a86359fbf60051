"""What of a model is trained, and how many numbers that are."""

import equinox as eqx
import jax
from jaxtyping import PyTree

from fastweights.cells.base import Cell
from fastweights.models.classifier import SequenceClassifier


def partition(model: SequenceClassifier) -> tuple[PyTree, PyTree]:
    """The model's trained arrays, and the rest (hyperparameters, static fields); `eqx.combine` undoes it."""
    names = model.cell.hyperparameters
    trained = jax.tree.map(eqx.is_inexact_array, model)
    if names:
        trained = eqx.tree_at(
            lambda m: [getattr(m.cell, name) for name in names], trained, replace_fn=lambda _: False
        )
    return eqx.partition(model, trained)


def count_state(cell: Cell) -> int:
    """The numbers that a cell carries from step to step for one sequence: R of an IRNN, 2 R of an LSTM,
    R + R² of fast weights."""
    one, two = (
        sum(leaf.size for leaf in jax.tree.leaves(eqx.filter_eval_shape(cell.initial_state, batch)))
        for batch in (1, 2)
    )
    return two - one  # what does not grow with the batch is no state: λ, η


def count_parameters(model: SequenceClassifier) -> int:
    """The number of trained numbers."""
    return sum(leaf.size for leaf in jax.tree.leaves(partition(model)[0]))
