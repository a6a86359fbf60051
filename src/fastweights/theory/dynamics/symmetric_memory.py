"""The disturbances of fast weights that the network itself can make: those with a symmetric change of A."""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights
from fastweights.models import SequenceClassifier
from fastweights.theory.networks import run_once

_PAST, _HELD = 20, (60, 100)
Basis = Float[np.ndarray, "numbers directions"]


def symmetric_basis(units: int) -> Basis:
    """Orthonormal directions of (h, A), as columns: those of h, and those of A that are symmetric."""
    rows, columns = np.triu_indices(units)
    places = np.arange(len(rows))
    memory = np.zeros((len(rows), units, units))
    memory[places, rows, columns] = memory[places, columns, rows] = np.where(rows == columns, 1, np.sqrt(0.5))
    basis = np.zeros((units + units**2, units + len(rows)))
    basis[:units, :units] = np.eye(units)
    basis[units:, units:] = memory.reshape(len(rows), -1).T
    return basis


def unread(query: Float[np.ndarray, " units"]) -> Basis:
    """Orthonormal directions of (h, A), as columns: all symmetric changes of A with δA q = 0, and δh = 0."""
    units = len(query)
    # The first column of Q is parallel to q, if that isn't 0; the others are orthogonal to it.
    across = np.linalg.qr(np.column_stack([query, np.eye(units)]))[0][:, 1:units]
    inner = symmetric_basis(units - 1)[units - 1 :, units - 1 :]
    changes = inner.T.reshape(-1, units - 1, units - 1)
    outer = across @ changes @ across.T
    return np.concatenate([np.zeros((units, len(outer))), outer.reshape(len(outer), -1).T])


def queries(
    cell: FastWeights, states: Float[np.ndarray, "time n"], projections: Float[np.ndarray, "time projection"]
) -> Float[np.ndarray, "time units"]:
    """h_0 of each step, given the states after all steps."""
    before = np.vstack([np.zeros(states.shape[1]), states[:-1]])[:, : cell.hidden_size]
    return np.maximum(before @ np.asarray(cell.recurrent).T + projections, 0)


def unread_apart(
    jacobians: Float[np.ndarray, "time k k"], queries: Float[np.ndarray, "time units"], factor: float
) -> float:
    """By how much a step misses multiplying an unread change by the factor, at most; the Jacobians are those
    of the `symmetric_basis`."""
    basis, off = symmetric_basis(queries.shape[1]), 0.0
    for jacobian, query in zip(jacobians, queries, strict=True):
        changes = basis.T @ unread(query)
        off = max(off, float(np.abs(jacobian @ changes - factor * changes).max()))
    return off


def after_two_pasts(model: SequenceClassifier) -> float:
    """The factor a step of the difference of A that two different pasts have left, while one letter is
    repeated: from 60 to 100 steps later."""
    streams = np.random.default_rng(2).integers(36, size=(2, _PAST))
    tokens = np.concatenate([streams, np.full((2, _HELD[1]), 3)], axis=1)
    early, late = (float(np.linalg.norm(apart)) for apart in _two_pasts(model, tokens))
    return (late / early) ** (1 / (_HELD[1] - _HELD[0]))


@run_once
def _two_pasts(model: SequenceClassifier, tokens: Array) -> Array:
    """The difference of A between both streams at two times after they have become the same."""

    def memories(of_one):
        def step(state, projection):
            state, _ = model.cell.step(state, projection)
            return state, state.memory

        return lax.scan(step, model.cell.initial_state(), model.projections(of_one))[1]

    first, second = memories(tokens[0]), memories(tokens[1])
    return (first - second)[jnp.asarray(_HELD) + _PAST - 1]
