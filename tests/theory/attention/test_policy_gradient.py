"""Fails with another estimate or baseline."""

import numpy as np
import pytest

from checks import failures
from fastweights.theory.attention.policy_gradient import best_baseline, estimates


def test_holds():
    assert failures("policy-gradient") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"estimates": lambda p, r, b: 1.1 * estimates(p, r, b)},
        {"estimates": lambda p, r, b: 0.9 * estimates(p, r, b)},
        {"estimates": lambda p, r, b: (r - b)[:, None] * np.eye(len(p))},
        {"best_baseline": lambda p, r: p @ r},
        {"best_baseline": lambda p, r: 1.1 * best_baseline(p, r)},
        {"best_baseline": lambda p, r: 0.9 * best_baseline(p, r)},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert failures("policy-gradient", **wrong)
