"""Fails without a path in the Jacobian, or with a method other than QR."""

import jax
import pytest

from checks import holds
from theory.dynamics.test_lyapunov_method import by_eigenvalues, without_orthogonalisation


@pytest.mark.thorough
def test_fails_where_nothing_goes_through_the_lstms_cell():
    def through(state):
        return state._replace(cell=jax.lax.stop_gradient(state.cell))

    assert not holds("lyapunov-nets", through=through, cells=("lstm",))


@pytest.mark.thorough
def test_fails_where_nothing_goes_through_the_fast_memory():
    def through(state):
        return state._replace(memory=jax.lax.stop_gradient(state.memory))

    assert not holds("lyapunov-nets", through=through, cells=("fast-weights",))


@pytest.mark.parametrize("method", [by_eigenvalues, without_orthogonalisation])
def test_fails_with_another_method(method):
    assert not holds("lyapunov-nets", method=method, cells=("standard-rnn",))
