"""What of a model is trained, and how many numbers that are."""

import equinox as eqx
import jax
from jaxtyping import PyTree

from fastweights.cells.base import Cell
from fastweights.errors import check
from fastweights.models.base import Model


def partition(model: Model) -> tuple[PyTree, PyTree]:
    """The model's trained arrays, and the rest (hyperparameters, static fields); `eqx.combine` undoes it.

    Raises: InvalidValueError for anything but a Model.

    A loop of one's own differentiates the trained part alone, so that λ and η stay as they are:

    >>> import equinox as eqx, fastweights as fw, jax, jax.numpy as jnp, optax
    >>> cell = fw.FastWeights(4, 6, key=jax.random.key(0))
    >>> model = fw.SequenceClassifier(cell, 8, 3, key=jax.random.key(1))
    >>> tokens, labels = jnp.array([[0, 2, 7], [1, 3, 7]]), jnp.array([0, 2])
    >>> trained, rest = fw.partition(model)
    >>> optimiser = optax.adam(1e-2)
    >>> opt_state = optimiser.init(trained)
    >>> def loss(trained):
    ...     logits = eqx.combine(trained, rest)(tokens)
    ...     return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
    >>> @jax.jit
    ... def update(trained, opt_state):
    ...     value, gradient = jax.value_and_grad(loss)(trained)
    ...     changes, opt_state = optimiser.update(gradient, opt_state, trained)
    ...     return optax.apply_updates(trained, changes), opt_state, value
    >>> values = []
    >>> for _ in range(20):
    ...     trained, opt_state, value = update(trained, opt_state)
    ...     values.append(float(value))
    >>> values[-1] < 0.1 < values[0]
    True
    >>> model = eqx.combine(trained, rest)
    >>> float(model.cell.decay), float(model.cell.write_rate)  # as they were
    (0.8999999761581421, 0.5)
    """
    check(isinstance(model, Model), f"partition expects a Model; got {type(model).__name__}")

    def hyperparameters(model: Model) -> list:
        return [getattr(cell, name) for cell in model.cells for name in cell.hyperparameters]

    trained = jax.tree.map(eqx.is_inexact_array, model)
    if hyperparameters(model):
        trained = eqx.tree_at(hyperparameters, trained, replace_fn=lambda _: False)
    return eqx.partition(model, trained)


def count_state(carrier: Cell | Model) -> int:
    """The numbers that a cell or a model carries from step to step for one sequence: R of an IRNN, 2 R of an
    LSTM, R + R² of fast weights, and those of all cells of a model."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter_eval_shape(carrier.initial_state)))


def count_parameters(carrier: Cell | Model) -> int:
    """The trained numbers of a cell or a model."""
    cells = carrier.cells if isinstance(carrier, Model) else (carrier,)
    fixed = sum(getattr(cell, name).size for cell in cells for name in cell.hyperparameters)
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(carrier, eqx.is_inexact_array))) - fixed
