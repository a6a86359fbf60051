"""Fails with another response or another rate of forgetting."""

import pytest

from checks import failures


def test_holds():
    assert failures("delay-ring") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"response": lambda w, m, n: w ** (n // m) if n % m == 0 else 0.0},
        {"response": lambda w, m, n: w ** (n + 1)},
        {"factor": lambda w, m: w},
        {"factor": lambda w, m: w ** (1.1 / m)},
        {"factor": lambda w, m: 0.9 * w ** (1 / m)},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert len(failures("delay-ring", **wrong)) == 1
