"""Fails with another expectation of the best, or another real share."""

import math

import pytest

from checks import failures
from fastweights.theory.search.best_of_many import kept, lowest


def test_holds():
    assert failures("best-of-many") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"lowest": lambda trials: 1.1 * lowest(trials)},
        {"lowest": lambda trials: 0.9 * lowest(trials)},
        {"lowest": lambda trials: math.sqrt(2 * math.log(trials))},
        {"kept": lambda spread, noise: 1.1 * kept(spread, noise)},
        {"kept": lambda spread, noise: 0.9 * kept(spread, noise)},
        {"kept": lambda spread, noise: 1.0},
        {"kept": lambda spread, noise: spread / (spread + noise)},
        {"two": 0.5},
        {"three": 0.9},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert failures("best-of-many", **wrong)
