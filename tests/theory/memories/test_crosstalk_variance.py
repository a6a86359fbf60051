"""Fails with a wrong number of terms, or keys with positive entries."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.crosstalk_variance import spherical


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n, r: n / r,
        lambda n, r: (n - 1) / (r + 2),
        lambda n, r: (n - 2) / r,
        lambda n, r: (n - 1) / r**1.1,
    ],
)
def test_fails_with_a_wrong_variance(wrong):
    assert not holds("crosstalk-variance", variance=wrong)


def test_fails_with_keys_of_positive_entries():
    assert not holds("crosstalk-variance", keys=lambda rng: np.abs(spherical(rng)))
