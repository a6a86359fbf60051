"""Fails with another factor of the old or the new value."""

import pytest

from checks import failures

DELTA, HEBB, OVERWRITTEN = (
    "delta rule: largest difference",
    "Hebb's rule: largest difference",
    "unit key, β = 1: difference from v",
)


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        ({"remains": lambda rate, length: 1 - rate * length}, DELTA),
        ({"remains": lambda rate, length: 1 - 0.9 * rate * length**2}, DELTA),
        ({"remains": lambda rate, length: abs(1 - rate * length**2)}, DELTA),
        ({"arrives": lambda rate, length: 1.1 * rate * length**2}, DELTA),
        ({"arrives": lambda rate, length: rate}, DELTA),
        ({"remains_with_hebb": 0.9}, HEBB),
        ({"arrives_with_hebb": lambda length: length}, HEBB),
        ({"overwriting_rate": 0.9}, OVERWRITTEN),
        ({"overwriting_rate": 1.1}, OVERWRITTEN),
    ],
)
def test_fails_with_another_factor(wrong, fails):
    assert failures("remaining-value", **wrong) == [fails]
