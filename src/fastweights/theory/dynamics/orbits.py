"""A cell driven by a long sequence, and the Jacobians of its steps."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Float

from fastweights.cells.base import State
from fastweights.cells.fast_weights import FastWeights
from fastweights.models import SequenceClassifier
from fastweights.theory.dynamics.lyapunov import Jacobians, frame
from fastweights.theory.dynamics.symmetric_memory import symmetric_basis
from fastweights.theory.networks import run_once

STEPS = 300
_NEAR = 1e-7


class Orbit(NamedTuple):
    """A cell driven by a long sequence: one step after another."""

    projections: Float[np.ndarray, "time projection"]
    states: Float[np.ndarray, "time n"]
    """The carried numbers after each step, one below the other."""
    jacobians: Jacobians
    """∂s(t)/∂s(t−1)."""
    beside: Float[np.ndarray, " time"]
    """The log of the factor by which each step stretches a difference of 10⁻⁷ (1 + ‖s‖) to another
    trajectory."""
    left: Float[np.ndarray, " time"]
    """The largest entry of a disturbance after each step outside those that the network can make."""


def orbit_of(model: SequenceClassifier, through: Callable[[State], State]) -> Orbit:
    """Of the model's cell on a stream of letters, each followed by a digit; `through` is applied to a state
    before the derivative is taken."""
    cell = model.cell
    size = ravel_pytree(cell.initial_state())[0].size
    basis = symmetric_basis(cell.hidden_size) if isinstance(cell, FastWeights) else np.eye(size)
    return Orbit(*_follow(model, _stream(), through, basis))


def _stream() -> np.ndarray:
    """Letters, each followed by a digit."""
    rng, count = np.random.default_rng(1), STEPS // 2
    return np.stack([rng.integers(26, size=count), 26 + rng.integers(10, size=count)], axis=1).ravel()


@run_once
def _follow(model: SequenceClassifier, tokens: Array, through: Callable[[State], State], basis: Array):
    cell, projections = model.cell, model.projections(tokens)
    first, unravel = ravel_pytree(cell.initial_state())

    def advanced(vector, projection, through=lambda state: state):
        return ravel_pytree(cell.step(through(unravel(vector)), projection)[0])[0]

    def advance_both(carry, projection):
        vector, direction = carry
        after = advanced(vector, projection)
        near = _NEAR * (1 + jnp.linalg.norm(vector))  # an unstable IRNN's states grow
        apart = (advanced(vector + near * direction, projection) - after) / near
        size = jnp.linalg.norm(apart)
        images = jax.jacrev(advanced)(vector, projection, through) @ basis
        jacobian = basis.T @ images
        left = jnp.max(jnp.abs(images - basis @ jacobian))
        # A direction that is lost once is lost for good.
        return (after, apart / jnp.where(size > 0, size, 1)), (after, jacobian, jnp.log(size), left)

    orbit = lax.scan(advance_both, (first, basis @ jnp.asarray(frame(basis.shape[1])[:, 0])), projections)[1]
    return projections, *orbit
