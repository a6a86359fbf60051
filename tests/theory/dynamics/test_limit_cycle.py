"""Fails with symmetric weights, or a self-excitation that is off by a thousandth."""

import numpy as np

from checks import holds
from fastweights.theory.dynamics.limit_cycle import LimitCycle


def test_fails_with_symmetric_weights():
    assert not holds("limit-cycle", weights=lambda a, b: np.array([[a, b], [b, a]]))


def test_fails_with_another_excitation():
    assert not holds("limit-cycle", weights=lambda a, b: LimitCycle.weights(a + 1e-3, b))
