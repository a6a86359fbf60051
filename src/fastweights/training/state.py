"""The state of a run, from one chunk of updates to the next."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int, PyTree

from fastweights.models import Model, partition
from fastweights.training.options import TrainingOptions
from fastweights.training.step import Hyperparameters, optimiser

Tree = TypeVar("Tree")


class TrainingState(eqx.Module):
    """Model, optimiser state, and the number of updates done; runs side by side have a leading axis."""

    model: Model
    opt_state: PyTree
    done: Int[Array, ""] | Int[Array, " runs"]

    @classmethod
    def init(
        cls, model: Model, options: TrainingOptions, rule: optax.GradientTransformation | None = None
    ) -> "TrainingState":
        """Before the first update by the rule, or by the options' optimiser."""
        rule = rule or optimiser(Hyperparameters.of(options), options.schedule, options.weight_decay, model)
        opt_state = rule.init(partition(model)[0])
        # Not a weakly typed scalar: JAX would compile once more for the state that comes from a file.
        return cls(model, opt_state, jnp.zeros((), int))


@dataclass(frozen=True)
class Point:
    """One point of a learning curve."""

    update: int
    train_loss: float
    """The mean loss over the mini-batches since the last point: nats, or squared error."""
    validation_error: float
    """The share of wrong answers, between 0 and 1; of real vectors the mean squared error."""
    validation_log_likelihood: float
    """The mean over the validation set, in nats."""
    test_error: float | None = None
    """As validation_error; None unless the run evaluates on the test set (`TrainingOptions.test_curve`)."""
    test_log_likelihood: float | None = None
    """The mean over the test set, in nats; None like `test_error`."""


@dataclass(frozen=True)
class Fit:
    """A run so far: its state, its learning curve, and the model that was best on validation."""

    state: TrainingState
    best: Model
    curve: tuple[Point, ...] = field(default=())
    seconds: float = 0.0
    """Time spent on updates and evaluations, compilation included."""
    failed_at: int | None = None
    """The update whose loss was not finite; None if there was none."""

    @property
    def model(self) -> Model:
        """The model after the last update."""
        return self.state.model

    @property
    def done(self) -> int:
        """The number of updates done."""
        return int(self.state.done)

    @property
    def best_point(self) -> Point | None:
        """The point with the lowest validation error, the earliest among equals."""
        return min(self.curve, key=lambda point: point.validation_error, default=None)


@eqx.filter_jit
def stack(trees: Sequence[Tree]) -> Tree:
    """Trees of one shape as one, with a leading axis; compiled, because many runs have many arrays."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves) if eqx.is_array(leaves[0]) else leaves[0], *trees)


def unstack(tree: Tree, count: int) -> list[Tree]:
    """The `count` trees that were stacked."""
    return [_take(tree, jnp.asarray(i)) for i in range(count)]


@eqx.filter_jit
def _take(tree: Tree, i: Int[Array, ""]) -> Tree:
    # The index is traced: one program for each place, or one for all of them, takes seconds to compile.
    return jax.tree.map(lambda leaf: leaf[i] if eqx.is_array(leaf) else leaf, tree)


def shape_of(tree: PyTree) -> tuple[Hashable, list]:
    """What must be equal in trees that are stacked: everything but the numbers in their arrays."""
    leaves, structure = jax.tree.flatten(tree)
    return structure, [(leaf.shape, leaf.dtype) if eqx.is_array(leaf) else leaf for leaf in leaves]
