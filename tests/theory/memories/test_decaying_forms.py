"""Fails with a wrong exponent or weight."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.decaying_forms import power


@pytest.mark.parametrize(
    "wrong",
    [
        lambda decay, age: power(decay, age + 1),
        lambda decay, age: np.ones(age.shape),
        lambda decay, age: power(decay, 2 * age),
        lambda decay, age: power(decay, age) + 1e-12,
    ],
)
def test_fails_with_a_wrong_exponent(wrong):
    assert not holds("decaying-forms", weight=wrong)
