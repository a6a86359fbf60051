"""One update: loss, gradient, optimiser."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from fastweights.models import Model, decayed, partition
from fastweights.training.datasets import Sequences
from fastweights.training.objectives import objective_of
from fastweights.training.options import TrainingOptions
from fastweights.types import Scalar


class Hyperparameters(NamedTuple):
    """The numbers of `TrainingOptions` that a search varies, as arrays: one compilation serves them all."""

    learning_rate: Scalar
    updates: Scalar
    clip_norm: Scalar

    @classmethod
    def of(cls, options: TrainingOptions) -> "Hyperparameters":
        """Those of the options; no clipping is clipping at infinity."""
        clip_norm = options.clip_norm or float("inf")
        return cls(*map(jnp.asarray, (options.learning_rate, float(options.updates), clip_norm)))


def outputs_of(model: Model, batch: Sequences) -> Array:
    """The model's outputs where answers are asked; where a sequence has too few positions, those at its
    start."""
    positions = None if batch.positions is None else jnp.maximum(batch.positions, 0)
    return model(batch.inputs, positions, lengths=batch.lengths)


def loss(model: Model, batch: Sequences) -> Scalar:
    """The mean over all answers of a batch: cross-entropy in nats, or squared error (see `objectives`)."""
    losses = objective_of(batch.targets).loss(outputs_of(model, batch), batch.targets)
    if batch.positions is None:
        return jnp.mean(losses)
    return jnp.mean(losses, where=batch.positions >= 0)


def optimiser(
    hyperparameters: Hyperparameters, schedule: str, weight_decay: float = 0.0, model: Model | None = None
) -> optax.GradientTransformation:
    """Clipping by the global norm, then Adam (Kingma & Ba 2014, β = 0.9 and 0.999, ε = 1e-8), with decoupled
    weight decay (Loshchilov & Hutter 2019) unless that is 0: of all numbers, or of those of a model that are
    `decayed`.

    All numbers are updated as one vector: leaf by leaf, XLA's overhead is more than the arithmetic of small
    networks.
    """

    def rate(count):
        if schedule == "constant":
            return hyperparameters.learning_rate
        done = jnp.minimum(count / hyperparameters.updates, 1)
        return hyperparameters.learning_rate * 0.5 * (1 + jnp.cos(jnp.pi * done))

    adam = [optax.scale_by_adam(), optax.scale_by_learning_rate(rate)]
    if weight_decay:
        adam.insert(1, _decay(weight_decay, model))
    return optax.flatten(optax.chain(_clip_by_norm(hyperparameters.clip_norm), optax.chain(*adam)))


def _decay(weight_decay: float, model: Model | None) -> optax.GradientTransformation:
    """As `optax.add_decayed_weights`, for one vector of which some numbers may be left out."""
    mask = None if model is None else decayed(model)
    if model is None or all(jax.tree.leaves(mask)):
        return optax.add_decayed_weights(weight_decay)
    shares = jax.tree.map(
        lambda a, is_in: jnp.full(a.shape, weight_decay * is_in, a.dtype), partition(model)[0], mask
    )
    vector, _ = ravel_pytree(shares)

    def decay(updates: Any, parameters: Any) -> Any:
        return updates + vector * parameters

    return optax.stateless(decay)


def _clip_by_norm(limit: Scalar) -> optax.GradientTransformation:
    """As `optax.clip_by_global_norm`, for one vector and a traced limit, infinity included."""

    def clip(gradient, parameters=None):
        del parameters
        norm = jnp.sqrt(jnp.vdot(gradient, gradient))  # a product is fast where a sum of squares is not
        return gradient * jnp.minimum(1, limit / jnp.maximum(norm, 1e-30)).astype(gradient.dtype)

    return optax.stateless(clip)


def update(
    model: Model, opt_state: PyTree, batch: Sequences, rule: optax.GradientTransformation
) -> tuple[Model, PyTree, Scalar]:
    """The model and the optimiser's state after one update by the rule, and the loss before it."""
    trained, rest = partition(model)
    value, gradients = jax.value_and_grad(lambda trained: loss(eqx.combine(trained, rest), batch))(trained)
    changes, opt_state = rule.update(gradients, opt_state, trained)
    trained: PyTree = optax.apply_updates(trained, changes)
    return eqx.combine(trained, rest), opt_state, value
