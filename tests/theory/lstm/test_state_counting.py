"""Fails with other sizes of states, or another least loss."""

import pytest

from checks import failures


def test_holds():
    assert failures("state-counting") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"vector": lambda units: units},
        {"vector": lambda units: 4 * units},
        {"matrix": lambda units: units**2},
        {"matrix": lambda units: units * (units + 1) // 2},
        {"lost": lambda state, numbers: max(0.0, 1 - 1.1 * state / numbers)},
        {"lost": lambda state, numbers: max(0.0, 1 - 0.9 * state / numbers)},
        {"lost": lambda state, numbers: 1 / (1 + state / numbers)},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert failures("state-counting", **wrong)
