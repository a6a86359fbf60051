"""The inner loop of fast weights alone, for matrices A and summed inputs u."""

from collections.abc import Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions, FastWeightsState
from fastweights.cells.layers import Norms
from fastweights.theory.networks import run_once


def settle(
    cells: Sequence[FastWeightsOptions],
    matrices: Float[np.ndarray, "pairs units units"],
    inputs: Float[np.ndarray, "pairs units"],
    gain: Float[np.ndarray, " units"] | None = None,
    bias: Float[np.ndarray, " units"] | None = None,
) -> Float[np.ndarray, "options pairs units"]:
    """h_S of a step of the library's cell with each of the options, from h(t) = 0, for each pair of A and u.

    With λ = 1 and h(t) = 0 a write changes nothing, so that the cell reads the given matrix.
    """
    units = inputs.shape[1]
    given = np.ones(units) if gain is None else gain, np.zeros(units) if bias is None else bias
    return _settle(tuple(cells), matrices, inputs, Norms(*(jnp.asarray(vector)[None] for vector in given)))


@run_once
def _settle(
    cells: tuple[FastWeightsOptions, ...],
    matrices: Float[Array, "pairs units units"],
    inputs: Float[Array, "pairs units"],
    norms: Norms,
) -> Float[Array, "options pairs units"]:
    units, outputs = inputs.shape[1], []
    for options in cells:
        cell = FastWeights(1, units, options=replace(options, decay=1.0), key=jax.random.key(0))
        if options.norm != "none":
            cell = eqx.tree_at(lambda cell: cell.norms, cell, norms)
        states = FastWeightsState(jnp.zeros_like(inputs), matrices)
        outputs.append(jax.vmap(cell.step)(states, inputs)[1])
    return jnp.stack(outputs)


def remembered(rng: np.random.Generator, units: int, states: int) -> Float[np.ndarray, "units units"]:
    """A memory of `states` random states, not negative like the outputs of ReLUs, scaled to norm 1."""
    written = np.maximum(rng.standard_normal((states, units)), 0)
    matrix = written.T @ written
    return matrix / np.linalg.norm(matrix, 2)
