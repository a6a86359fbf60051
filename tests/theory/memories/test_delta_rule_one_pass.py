"""Fails with a moment left out, or another age or size."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.delta_rule_one_pass import squared_error


def without_the_fourth_moment(units, pairs):
    """As if (k_iᵀ k_j)² did not matter: each later write only adds 1/R."""
    return np.array([2 + age / units - 2 * (1 - 1 / units) ** age for age in range(pairs)])


def with_half_a_fourth_moment(units, pairs):
    """F + s in place of F + 2 s: at R = 12, no simulation of a few hundred seeds would tell."""
    errors, keep = np.empty(pairs), 1 - 1 / units
    for age in range(pairs):
        size, norm = 1.0, units * (1 - keep ** (pairs - age))
        for _ in range(age):
            size, norm = (
                size - 2 * size / units + (norm + size) / (units * (units + 2)) + 1 / units,
                norm * keep + 1,
            )
        errors[age] = size - 2 * keep**age + 1
    return errors


@pytest.mark.parametrize(
    "wrong",
    [
        without_the_fourth_moment,
        lambda units, pairs: np.arange(pairs) / units,  # Hebb's crosstalk
        lambda units, pairs: squared_error(units, pairs)[::-1],
        lambda units, pairs: squared_error(units + 3, pairs),
        with_half_a_fourth_moment,
    ],
)
def test_fails_with_a_wrong_expectation(wrong):
    assert not holds("delta-rule-one-pass", squared_error=wrong)
