"""Fails with asymmetric weights, a negative diagonal, or simultaneous updates."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.hopfield.hopfield_energy import symmetric


def asymmetric(rng):
    weights = symmetric(rng)
    return np.triu(weights)  # each pair of units has one direction left


def with_diagonal(rng):
    weights = symmetric(rng)
    return weights - 60 * np.eye(weights.shape[-1])


@pytest.mark.parametrize("wrong", [asymmetric, with_diagonal])
def test_fails_with_other_weights(wrong):
    assert not holds("hopfield-energy", weights=wrong)


def test_fails_if_all_units_change_at_once():
    assert not holds("hopfield-energy", change=lambda memory, state, unit: memory.update_together(state))
