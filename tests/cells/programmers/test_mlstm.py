"""What the stabiliser of the matrix LSTM is for."""

import jax.numpy as jnp
import numpy as np
import pytest

from cases import SIZES, Case, quickly
from references import mlstm

unroll = quickly(lambda cell, x, **given: cell.unroll(x, **given))


def cell_and_inputs(scale, time):
    """Gates are up to 30 scale and more: single precision has no exp(ĩ) from 89 on."""
    cell = Case("mlstm", (("heads", 2), ("key_size", 3), ("value_size", 2))).build(SIZES)
    gates = slice(16, 20)
    object.__setattr__(
        cell, "input", cell.input.at[gates].multiply(scale / jnp.max(jnp.abs(cell.input[gates])))
    )
    return cell, jnp.asarray(np.random.default_rng(0).uniform(-30, 30, (time, SIZES.input)), jnp.float32)


@pytest.mark.parametrize("scale", [1, 6])
def test_exponential_gates_of_any_size_are_those_without_a_stabiliser(scale):
    """In single precision, against double precision, where exp(600) is a number."""
    cell, x = cell_and_inputs(scale, 40)
    outputs, state = unroll(cell, x)
    expected = mlstm.outputs(cell, cell.options, np.asarray(x, float))
    assert outputs.dtype == np.float32 and np.all(np.isfinite(expected))
    assert np.max(np.abs(outputs - expected)) < 2e-4 * np.max(np.abs(expected))
    assert np.all(np.abs(state.memory) < 1e4)


def test_what_is_not_a_number_ends_at_a_reset():
    cell, x = cell_and_inputs(1, 9)
    resets = jnp.arange(9) == 4
    outputs, state = unroll(cell, x.at[2].set(jnp.nan), resets=resets)
    alone, end = unroll(cell, x[4:])
    assert np.all(np.isfinite(outputs[:2])) and np.all(np.isnan(outputs[2:4]))
    np.testing.assert_allclose(outputs[4:], alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(state.stabiliser, end.stabiliser, rtol=1e-5)
