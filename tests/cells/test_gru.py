"""The gated recurrent unit starts as PyTorch's does; tests/bench compares what both compute."""

import jax
import jax.numpy as jnp

from fastweights.cells.gru import GRU

UNITS, INPUTS = 100, 60


def test_it_starts_as_in_pytorch():
    """Uniform in ± 1/√R, by mean, deviation and range; b_r and b_z are sums of two such numbers."""
    cell, bound = GRU(INPUTS, UNITS, key=jax.random.key(0)), UNITS**-0.5
    deviation = bound / 3**0.5
    gates = cell.bias[: 2 * UNITS]
    for weights, terms in (
        (cell.recurrent, 1),
        (cell.input, 1),
        (gates, 2),
        (cell.bias[2 * UNITS :], 1),
        (cell.candidate_bias, 1),
    ):
        # Five standard errors of each estimate.
        error = 5 / weights.size**0.5
        assert abs(float(jnp.mean(weights))) < error * deviation * terms**0.5
        assert abs(float(jnp.std(weights)) / deviation / terms**0.5 - 1) < error
        assert 0.9 * bound < float(jnp.max(jnp.abs(weights))) <= terms * bound
    assert float(jnp.max(jnp.abs(gates))) > bound
