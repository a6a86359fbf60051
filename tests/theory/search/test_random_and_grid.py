"""Fails with another probability, number of settings, or number of values."""

import pytest

from checks import failures
from fastweights.theory.search.random_and_grid import found, needed, values


def test_holds():
    assert failures("random-and-grid") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"found": lambda share, trials: found(1.1 * share, trials)},
        {"found": lambda share, trials: found(0.9 * share, trials)},
        {"found": lambda share, trials: min(1, share * trials)},
        {"needed": lambda share, sure: needed(1.1 * share, sure)},
        {"needed": lambda share, sure: needed(0.9 * share, sure)},
        {"needed": lambda share, sure: needed(share, sure) + 1},
        {"values": lambda trials, dimensions: trials / dimensions},
        {"values": lambda trials, dimensions: 1.1 * values(trials, dimensions)},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert failures("random-and-grid", **wrong)
