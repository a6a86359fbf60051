"""Fails with another bound or other weights."""

import numpy as np
import pytest

from checks import failures
from fastweights.theory.attention.soft_to_hard import least_share, weights


def test_holds():
    assert failures("soft-to-hard") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"least_share": lambda others, lead: least_share(others, 1.1 * lead)},
        {"least_share": lambda others, lead: least_share(others, 0.9 * lead)},
        {"least_share": lambda others, lead: least_share(others + 1, lead)},
        {"weights": lambda scores, decay, rate: weights(scores, 1.1 * decay, rate)},
        {"weights": lambda scores, decay, rate: weights(scores, decay, 1.1 * rate)},
        {"weights": lambda scores, decay, rate: decay * weights(scores, decay, rate)},
        {"weights": lambda scores, decay, rate: np.exp(scores) / np.exp(scores).sum()},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert failures("soft-to-hard", **wrong)
