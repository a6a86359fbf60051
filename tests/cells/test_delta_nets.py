"""The Delta RNN and the Recurrent Delta Net: DeltaNet where their recurrences are cut, and how they start."""

import jax
import jax.numpy as jnp
import numpy as np

from cases import SIZES, Case, inputs_for, unroll
from cells.distributions import assert_normal, assert_uniform
from fastweights.cells.delta_rnn import DeltaRNN, DeltaRNNOptions
from fastweights.cells.rdn import RDN, RDNOptions
from fastweights.models import count_state

HEADS = 2


def with_arrays(cell, **arrays):
    """A copy that has these arrays instead of its own."""
    copy = jax.tree.map(lambda leaf: leaf, cell)
    for name, array in arrays.items():
        object.__setattr__(copy, name, jnp.asarray(array))
    return copy


def test_without_their_recurrence_both_are_delta_net(float64):
    """The Delta RNN if nothing is written to R, the other one if R is 0."""
    heads = (("heads", HEADS),)
    delta_rnn, rdn = (Case(name, heads).build(SIZES) for name in ("delta-rnn", "rdn"))
    units, size = rdn.hidden_size, rdn.hidden_size // HEADS
    of_heads = np.asarray(rdn.input).reshape(HEADS, 3 * size + 1, -1)
    k, v, q = (of_heads[:, i * size : (i + 1) * size].reshape(units, -1) for i in range(3))
    recurrent_k = np.asarray(delta_rnn.input)[3 * units : 4 * units]
    recurrent_rates = np.asarray(delta_rnn.input)[-HEADS:]
    rows = np.concatenate([k, v, q, recurrent_k, 0 * v, of_heads[:, -1], recurrent_rates])
    x = inputs_for(SIZES)
    cut = unroll(with_arrays(delta_rnn, input=rows, output=rdn.output), x)
    also_cut = unroll(with_arrays(rdn, recurrent=0 * rdn.recurrent), x)
    np.testing.assert_allclose(cut, also_cut, rtol=1e-11, atol=1e-13)
    assert np.max(np.abs(unroll(rdn, x) - also_cut)) > 1e-2


def test_their_states_are_matrices_and_the_answer():
    key = jax.random.key(0)
    assert count_state(DeltaRNN(3, 8, options=DeltaRNNOptions(heads=2), key=key)) == 2 * 2 * 4 * 4 + 8
    assert count_state(RDN(3, 8, options=RDNOptions(heads=2), key=key)) == 2 * 4 * 4 + 8


def test_they_start_as_the_reference_implementation():
    key, units = jax.random.key(0), 80
    delta_rnn = DeltaRNN(50, units, options=DeltaRNNOptions(heads=4), key=key)
    rdn = RDN(50, units, options=RDNOptions(heads=4), key=key)
    for cell in (delta_rnn, rdn):
        assert_uniform(cell.input, 50**-0.5)
        assert_uniform(cell.output, units**-0.5)
    assert_normal(rdn.recurrent, (units / 4) ** -0.5)
