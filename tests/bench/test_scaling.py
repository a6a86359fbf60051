"""Spread, ratios, exponents and jumps, on numbers with known answers."""

import numpy as np
import pytest

from fastweights.bench.statistics import Spread, largest_jump, power_at_the_end, ratios, smooth
from fastweights.errors import InvalidValueError

X = [10, 14, 20, 28, 40, 57, 80, 113, 160, 200]


def test_spread():
    assert Spread.of([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)
    assert Spread.of([5.0]) == (5.0, 5.0, 5.0)


def test_ratios_are_formed_within_rounds():
    # Both are disturbed alike in the second round: within rounds the ratio is always 3.
    assert ratios([3.0, 30.0, 6.0], [1.0, 10.0, 2.0]) == (3.0, 3.0, 3.0)
    with pytest.raises(ValueError, match="longer"):
        ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.3])
def test_exponent_is_recovered(exponent):
    power = power_at_the_end(X, [0.7 * x**exponent for x in X])
    assert power == pytest.approx((exponent, 0.7), abs=1e-9)


def test_exponent_is_that_of_the_large_end():
    # A constant cost hides the square where x is small.
    y = [1e3 + x**2 for x in np.geomspace(1, 1e5, 40)]
    assert power_at_the_end(np.geomspace(1, 1e5, 40), y)[0] == pytest.approx(2, abs=1e-3)
    assert power_at_the_end(np.geomspace(1, 1e5, 40)[:5], y[:5])[0] == pytest.approx(0, abs=1e-2)


def test_one_point_has_no_exponent():
    with pytest.raises(InvalidValueError, match="at least 2 points"):
        power_at_the_end([10], [1.0])


@pytest.mark.parametrize("place", [0, 4, 9])
def test_planted_jump_is_found(place):
    # Cost grows as a + b x + c x², which no power law is.
    y = np.array([0.2 + 4e-3 * x + 1e-4 * x**2 for x in X])
    assert largest_jump(X, y)[1] < 1.05
    y[place] *= 2
    where, ratio = largest_jump(X, y)
    assert where == X[place]
    # A polynomial follows a point at its end a little.
    assert ratio == pytest.approx(2, rel=0.1 if place == 4 else 0.35)
    assert ratio > 1.5 or place != 4


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_points(count):
    assert smooth(X[:count], [2.0] * count) == pytest.approx([2.0] * count)
    assert largest_jump(X[:count], [2.0] * count)[1] == pytest.approx(1)
