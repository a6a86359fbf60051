"""Fails with a moment left out, or another age or size."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.delta_rule_one_pass import squared_error


def without_the_fourth_moment(units, pairs):
    """As if (k_iᵀ k_j)² did not matter: each later write only adds 1/R."""
    return np.array([2 + age / units - 2 * (1 - 1 / units) ** age for age in range(pairs)])


@pytest.mark.parametrize(
    "wrong",
    [
        without_the_fourth_moment,
        lambda units, pairs: np.arange(pairs) / units,  # Hebb's crosstalk
        lambda units, pairs: squared_error(units, pairs)[::-1],
        lambda units, pairs: squared_error(units + 3, pairs),
    ],
)
def test_fails_with_a_wrong_expectation(wrong):
    assert not holds("delta-rule-one-pass", squared_error=wrong)
