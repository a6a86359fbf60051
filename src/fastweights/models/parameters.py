"""What of a model is trained, and how many numbers that are."""

from typing import Any

import equinox as eqx
import jax
from jax.tree_util import GetAttrKey, SequenceKey
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


def decayed(model: Model) -> PyTree[bool]:
    """Of every trained array, whether weight decay takes from it: a mask for `optax.adamw`. A cell's class
    names those of which it does not, `undecayed`.

    It does not take from biases, gains of norms, and rates of decay of the fast weight programmers, as their
    reference implementations don't: with its gates' biases drawn to 0, a cell forgets at another speed. Other
    cells say nothing of the kind, and are decayed as a whole.

    Raises: InvalidValueError for anything but a Model.

    >>> import fastweights as fw, jax, optax
    >>> from fastweights.cells.programmers.delta_net import GatedDeltaNet
    >>> cell = GatedDeltaNet(4, 8, key=jax.random.key(0))
    >>> model = fw.SequenceClassifier(cell, 8, 3, key=jax.random.key(1))
    >>> optimiser = optax.adamw(1e-3, weight_decay=0.1, mask=fw.decayed(model))
    >>> mask = fw.decayed(model).cell
    >>> mask.output, mask.decay.rate, mask.decay.bias, mask.gain
    (True, False, False, False)

    Source: `_no_weight_decay` of A_log and dt_bias in state-spaces/mamba and fla-org/flash-linear-attention.
    """
    trained, _ = partition(model)

    def takes(path: tuple, _: Any) -> bool:
        node: Any = model
        taken = True
        for key in path:
            if isinstance(key, GetAttrKey):
                taken &= _takes(node, key.name)
                node = getattr(node, key.name)
            else:
                node = node[key.idx if isinstance(key, SequenceKey) else key.key]
        return taken

    return jax.tree_util.tree_map_with_path(takes, trained)


def _takes(node: Any, name: str) -> bool:
    """Unless the node's class, or one that it derives from, names this among its `undecayed` arrays."""
    return not any(name in vars(cls).get("undecayed", ()) for cls in type(node).__mro__)


def count_parameters(carrier: Cell | Model) -> int:
    """The trained numbers of a cell or a model."""
    cells = carrier.cells if isinstance(carrier, Model) else (carrier,)
    fixed = sum(getattr(cell, name).size for cell in cells for name in cell.hyperparameters)
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(carrier, eqx.is_inexact_array))) - fixed
