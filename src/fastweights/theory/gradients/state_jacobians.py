"""The derivative of the last output for an earlier state, ∂h(T)/∂h(τ), for any cell."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.base import Cell, State
from fastweights.cells.simple import SimpleCell
from fastweights.types import Column, Columns

Projections = Float[Array, "time rows batch"]
Shifts = Float[Array, "time carried batch"]


def state_jacobians(
    cell: Cell, projections: Projections, through: Callable[[State], State] = lambda state: state
) -> Float[Array, "earlier batch hidden carried"]:
    """∂h(T)/∂s(τ) for τ = 1 … T − 1, with s(τ) the vectors that the state carries, one below the other.

    A carried vector is an array of the state with two axes, units and batch: h of a simple cell, c and h of
    an LSTM, h of fast weights; of complex numbers, the real parts and the imaginary ones. The derivative
    includes what h(τ) writes into a memory. `through` is applied to every state before it is carried on:
    `lax.stop_gradient`, say.
    """
    length, _, batch = projections.shape
    return jacobian_of_last(
        lambda shifts: (last_output(cell, projections, shifts, through), None),
        jnp.zeros((length, carried_size(cell), batch)),
    )[0]


def jacobian_of_last(
    last: Callable[[Shifts], tuple[Column, Any]], shifts: Shifts
) -> tuple[Float[Array, "earlier batch hidden carried"], Any]:
    """The derivative of a function's first result, a column of the last step, for the shifts at all steps but
    the last; and its second result."""
    output, pull_back, others = jax.vjp(last, shifts, has_aux=True)
    units = jnp.eye(len(output))[..., None] * jnp.ones_like(output)
    (slopes,) = jax.vmap(pull_back)(units)  # (output, time, carried, batch)
    return jnp.moveaxis(slopes, (1, 3), (0, 1))[:-1], others


def last_output(
    cell: Cell,
    projections: Projections,
    shifts: Shifts,
    through: Callable[[State], State] = lambda state: state,
) -> Column:
    """h(T), with a shift added to the carried vectors after each step."""

    def step(state, now):
        projection, shift = now
        state, output = cell.step(state, projection)
        return shifted(through(state), shift), output

    return lax.scan(step, cell.initial_state(projections.shape[-1]), (projections, shifts))[1][-1]


def shifted(state: State, shift: Float[Array, "carried batch"]) -> State:
    """The state with a shift added to its carried vectors."""
    leaves, structure = jax.tree.flatten(state)
    for i, leaf in enumerate(leaves):
        if leaf.ndim == 2:
            addition, shift = jnp.split(shift, [_numbers(leaf)])
            if jnp.iscomplexobj(leaf):
                addition = lax.complex(*jnp.split(addition, 2))
            leaves[i] = leaf + addition
    return jax.tree.unflatten(structure, leaves)


def carried_size(cell: Cell) -> int:
    """The total size of the carried vectors of one sequence."""
    state = jax.eval_shape(lambda: cell.initial_state(1))
    return sum(_numbers(leaf) for leaf in jax.tree.leaves(state) if leaf.ndim == 2)


def _numbers(leaf: Array | jax.ShapeDtypeStruct) -> int:
    return leaf.shape[0] * (2 if jnp.issubdtype(leaf.dtype, jnp.complexfloating) else 1)


def step_jacobians(cell: SimpleCell, outputs: Columns) -> Float[np.ndarray, "time batch hidden hidden"]:
    """∂h(t)/∂h(t−1) = diag(f′(a(t))) W of a cell without layer normalisation, from its outputs."""
    hidden = np.moveaxis(np.asarray(outputs), -1, 1)
    slopes = 1 - hidden**2 if cell.activation == "tanh" else (hidden > 0).astype(float)
    return slopes[..., None] * np.asarray(cell.recurrent)


def norms(matrices: Float[np.ndarray, "*shape rows columns"]) -> Float[np.ndarray, "*shape"]:
    """The largest singular value of each matrix."""
    return np.linalg.norm(np.asarray(matrices), 2, (-2, -1))


def product_bounds(
    factors: Float[np.ndarray, "time batch rows columns"],
) -> Float[np.ndarray, "earlier batch"]:
    """Π_{t>τ} ‖J(t)‖ for τ = 1 … T − 1."""
    return np.cumprod(norms(factors)[:0:-1], axis=0)[::-1]
