"""Fails with symmetric weights, a self-excitation that is off by a thousandth, or averaging's series."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.dynamics.limit_cycle import LimitCycle


def test_fails_with_symmetric_weights():
    assert not holds("limit-cycle", weights=lambda a, b: np.array([[a, b], [b, a]]))


def test_fails_with_another_excitation():
    assert not holds("limit-cycle", weights=lambda a, b: LimitCycle.weights(a + 1e-3, b))


@pytest.mark.parametrize(
    "wrong",
    [
        {"square": lambda excess, b: 4 * excess},
        {"square": lambda excess, b: 4 * excess / (1 + excess)},
        {"period": lambda excess, b: 2 * np.pi / (b * (1 - excess))},
        {"period": lambda excess, b: 2 * np.pi * (1 + excess) / b},
    ],
)
def test_fails_with_another_series(wrong):
    assert not holds("limit-cycle", **wrong)
