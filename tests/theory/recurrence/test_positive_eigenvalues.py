"""Fails with another number of changes, another rate, or another decay of the alternation."""

import pytest

from checks import failures

MOST = [
    "delta rule: most changes",
    "gated delta rule: most changes",
    "β < 2, every second answer: most changes",
    "four powers: changes",
]


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        ({"most_changes": lambda bases: bases}, MOST),
        ({"most_changes": lambda bases: bases - 2}, MOST),
        ({"remaining": lambda rate, time: abs(1 - rate) ** (time / 1.1)}, None),
        ({"remaining": lambda rate, time: 0.9 * abs(1 - rate) ** time}, None),
        ({"alternating_rate": 1.8}, ["β = 2: distance from 0 and 1"]),
        ({"alternating_rate": 0.9}, ["β = 2: changes in 120 steps", "β = 2: distance from 0 and 1"]),
    ],
)
def test_fails_with_another_ingredient(wrong, fails):
    fails = fails or ["1 < β < 2: distance left after 20 steps, off by"]
    assert failures("positive-eigenvalues", **wrong) == fails
