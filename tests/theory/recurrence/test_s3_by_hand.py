"""Fails with another rate, triangle, key or value."""

import pytest

from checks import failures


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 1.8},
        {"corner_angle": lambda corner: 1.9 * corner},
        {"mirror_key": lambda first, second: 0.9 * (first - second) / 3**0.5},
        {"value_for": lambda key: 0.9 * key},
    ],
)
def test_fails_with_another_ingredient(wrong):
    names = failures("s3-by-hand", **wrong)
    assert "distance from the place, in rounding errors" in names


def test_with_decaying_reflections_answers_are_wrong():
    assert "wrong answers of 40,000" in failures("s3-by-hand", rate=1.9)
