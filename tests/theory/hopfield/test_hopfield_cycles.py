"""Fails with weights that are not symmetric."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.hopfield.hopfield_cycles import symmetric


def antisymmetric(rng):
    weights = symmetric(rng)
    return np.where(np.tri(weights.shape[-1], dtype=bool), weights, -weights)


def arbitrary(rng):
    return 2 * rng.integers(-20, 20, symmetric(rng).shape) + 1.0


@pytest.mark.parametrize("wrong", [antisymmetric, arbitrary])
def test_fails_with_weights_that_are_not_symmetric(wrong):
    assert not holds("hopfield-cycles", weights=wrong)
