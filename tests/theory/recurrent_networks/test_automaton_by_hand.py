"""Fails with another weight, threshold or number of units."""

import pytest

from checks import failures


def test_holds():
    assert failures("automaton-by-hand") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"edge": 1.1},
        {"edge": 0.9},
        {"symbol": 1.1},
        {"symbol": 0.9},
        {"threshold": 1.1},
        {"threshold": 0.9},
        {"units": lambda states, symbols: states * symbols},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert failures("automaton-by-hand", **wrong)
