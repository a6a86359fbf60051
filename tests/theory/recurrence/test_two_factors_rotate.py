"""Fails with another distance, angle or rate."""

import numpy as np
import pytest

from checks import failures

DISTANCE, NEAREST, ROTATION = (
    "one factor: distance, off by",
    "one factor: β of the nearest, off by",
    "two factors: difference from the rotation",
)


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        ({"distance": lambda angle: 0.0}, DISTANCE),
        ({"distance": lambda angle: np.sqrt(2) * abs(np.sin(angle))}, DISTANCE),  # of any symmetric matrix
        ({"nearest_rate": lambda angle: 1.1 * (1 - np.cos(angle))}, NEAREST),
        ({"between": lambda angle: angle}, ROTATION),
        ({"between": lambda angle: 0.45 * angle}, ROTATION),
        ({"rate": 1.8}, ROTATION),
        ({"rate": 2.2}, ROTATION),
    ],
)
def test_fails_with_another_ingredient(wrong, fails):
    assert failures("two-factors-rotate", **wrong) == [fails]
