"""The fast weight LSTM: an LSTM where nothing is written, and how it starts."""

import jax
import jax.numpy as jnp
import numpy as np

from cells.distributions import assert_uniform
from fastweights.cells.fw_lstm import FWLSTM, FWLSTMOptions
from fastweights.models import count_state


def test_it_starts_as_the_authors_code():
    cell = FWLSTM(50, 70, options=FWLSTMOptions(forget_bias=0.7), key=jax.random.key(0))
    for weights in (cell.recurrent, cell.input):
        assert_uniform(weights, (2 / 120) ** 0.5)
    np.testing.assert_allclose(cell.bias, np.repeat([0, 0.7, 0, 0], 70))
    assert float(cell.decay) == np.float32(0.95) and float(cell.write_rate) == 0.5
    assert count_state(cell) == 70 * 70 + 2 * 70


def test_a_candidate_that_comes_again_is_amplified(float64):
    """The same input at each step and no recurrence: j is the same, and A j = η ‖j‖² (1 + λ + …) j."""
    decay, rate = 0.8, 0.25
    cell = FWLSTM(3, 5, options=FWLSTMOptions(decay=decay, write_rate=rate), key=jax.random.key(1))
    object.__setattr__(cell, "recurrent", 0 * cell.recurrent)
    projection = cell.project(jnp.array([0.3, -1.0, 0.5]))
    centred = projection - projection.mean()
    j = np.maximum(centred / np.sqrt(np.mean(centred**2) + 1e-5), 0)[15:]
    state = cell.initial_state()
    for _ in range(3):
        state, _ = cell.step(state, projection)
    factor = rate * (1 + decay + decay**2)
    np.testing.assert_allclose(state.memory, factor * np.outer(j, j), rtol=1e-6)
    np.testing.assert_allclose(state.memory @ j, factor * (j @ j) * j, rtol=1e-6)
