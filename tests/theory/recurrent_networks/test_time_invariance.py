"""Fails with a bias, and with another number of parameters."""

import pytest

from checks import failures


def test_holds():
    assert failures("time-invariance") == []


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        ({"bias": 0.1}, ["delayed states off the states", "states before the input comes"]),
        (
            {"parameters": lambda inputs, hidden: hidden**2 + hidden * inputs},
            ["parameters beside R² + R I + R"],
        ),
        ({"parameters": lambda inputs, hidden: 2 * hidden**2 + hidden}, ["parameters beside R² + R I + R"]),
    ],
)
def test_fails_with_another_ingredient(wrong, fails):
    assert failures("time-invariance", **wrong) == fails
