"""The derivative of the last output for an earlier state, ∂h(T)/∂h(τ), for any cell."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Float

from fastweights.cells.base import Cell, State
from fastweights.cells.simple import SimpleCell
from fastweights.types import Vector


def state_jacobians(
    cell: Cell,
    projections: Float[Array, "batch time projection"],
    through: Callable[[State], State] = lambda state: state,
) -> Float[Array, "batch earlier hidden carried"]:
    """∂h(T)/∂s(τ) of each sequence for τ = 1 … T − 1, with s(τ) the vectors that the state carries, one below
    the other.

    A carried vector is an array of the state with one axis: h of a simple cell, c and h of an LSTM, h of fast
    weights. The derivative includes what h(τ) writes into a memory. `through` is applied to every state
    before it is carried on: `lax.stop_gradient`, say.
    """
    shifts = jnp.zeros((projections.shape[1], carried_size(cell)))
    jacobian = jax.jacrev(lambda shifts, one: last_output(cell, one, shifts, through))
    return jax.vmap(lambda one: jacobian(shifts, one).swapaxes(0, 1)[:-1])(projections)


def last_output(
    cell: Cell,
    projections: Float[Array, "time projection"],
    shifts: Float[Array, "time carried"],
    through: Callable[[State], State] = lambda state: state,
) -> Vector:
    """h(T) of one sequence, with a shift added to the carried vectors after each step."""

    def step(state, now):
        projection, shift = now
        state, output = cell.step(state, projection)
        vectors, others = _carried(through(state))
        carried, unravel = ravel_pytree(vectors)
        return eqx.combine(unravel(carried + shift), others), output

    return lax.scan(step, cell.initial_state(), (projections, shifts))[1][-1]


def carried_size(cell: Cell) -> int:
    """The total size of the carried vectors."""
    return ravel_pytree(_carried(cell.initial_state())[0])[0].size


def _carried(state: State) -> tuple[State, State]:
    """The carried vectors, and the rest of the state."""
    return eqx.partition(state, lambda leaf: leaf.ndim == 1)


def step_jacobians(
    cell: SimpleCell, outputs: Float[np.ndarray, "*batch time hidden"]
) -> Float[np.ndarray, "*batch time hidden hidden"]:
    """∂h(t)/∂h(t−1) = diag(f′(a(t))) W of a cell without layer normalisation, from its outputs."""
    slopes = 1 - outputs**2 if cell.activation == "tanh" else (outputs > 0).astype(float)
    return slopes[..., None] * np.asarray(cell.recurrent)


def norms(matrices: Float[np.ndarray, "*shape rows columns"]) -> Float[np.ndarray, "*shape"]:
    """The largest singular value of each matrix."""
    return np.linalg.norm(matrices, 2, (-2, -1))


def product_bounds(factors: Float[np.ndarray, "time rows columns"]) -> Float[np.ndarray, " earlier"]:
    """Π_{t>τ} ‖J(t)‖ for τ = 1 … T − 1."""
    sizes = np.linalg.norm(factors, 2, (-2, -1))
    return np.cumprod(sizes[:0:-1])[::-1]
