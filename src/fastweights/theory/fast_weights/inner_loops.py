"""The inner loop of fast weights alone: a matrix A and a summed input u for each column."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions, FastWeightsState, Norms
from fastweights.memories import DecayingMatrix
from fastweights.theory.networks import run_once

Matrices = Float[np.ndarray, "columns units units"]
Inputs = Float[np.ndarray, "columns units"]


def settle(
    cells: Sequence[FastWeightsOptions],
    matrices: Matrices,
    inputs: Inputs,
    gain: Float[np.ndarray, " units"] | None = None,
    bias: Float[np.ndarray, " units"] | None = None,
) -> Float[np.ndarray, "options columns units"]:
    """h_S of a step of the library's cell with each of the options, from h(t) = 0.

    With λ = 1 and h(t) = 0 a write changes nothing, so that the cell reads the given matrix.
    """
    units = inputs.shape[1]
    gain = np.ones(units) if gain is None else gain
    bias = np.zeros(units) if bias is None else bias
    matrix = jnp.asarray(np.moveaxis(matrices, 0, -1))
    norms = Norms(*(jnp.asarray(vector)[None, :, None] for vector in (gain, bias)))
    return np.moveaxis(np.asarray(_settle(tuple(cells), matrix, jnp.asarray(inputs.T), norms)), -1, 1)


@run_once
def _settle(
    cells: tuple[FastWeightsOptions, ...],
    matrix: Float[Array, "units units columns"],
    summed: Float[Array, "units columns"],
    norms: Norms,
) -> Float[Array, "options units columns"]:
    one = jnp.ones(())
    state = FastWeightsState(jnp.zeros_like(summed), DecayingMatrix(matrix, one, one))
    states = []
    for options in cells:
        cell = FastWeights(1, len(summed), options=options, key=jax.random.key(0))
        if options.norm != "none":
            cell = eqx.tree_at(lambda cell: cell.norms, cell, norms)
        states.append(cell.step(state, summed)[1])
    return jnp.stack(states)


def remembered(rng: np.random.Generator, units: int, states: int) -> Float[np.ndarray, "units units"]:
    """A memory of `states` random states, not negative like the outputs of ReLUs, scaled to norm 1."""
    written = np.maximum(rng.standard_normal((states, units)), 0)
    matrix = written.T @ written
    return matrix / np.linalg.norm(matrix, 2)
