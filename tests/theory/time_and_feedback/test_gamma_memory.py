"""Fails with another response, depth or variance."""

import math

import pytest

from checks import failures

RESPONSE = "responses against C(n−1, k−1) μᵏ (1−μ)ⁿ⁻ᵏ, in rounding errors"
MOMENTS = "sum, mean delay and its variance, off by"


def test_holds():
    assert failures("gamma-memory") == []


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        (
            {"response": lambda k, n, mu: math.comb(n, k) * mu**k * (1 - mu) ** (n - k) if n >= k else 0.0},
            RESPONSE,
        ),
        ({"response": lambda k, n, mu: mu * (1 - mu) ** (n - 1)}, RESPONSE),
        ({"depth": lambda k, mu: 1.1 * k / mu}, MOMENTS),
        ({"depth": lambda k, mu: k / mu**0.9}, MOMENTS),
        ({"spread": lambda k, mu: k * (1 - mu) / mu}, MOMENTS),
        ({"spread": lambda k, mu: 0.9 * k * (1 - mu) / mu**2}, MOMENTS),
    ],
)
def test_fails_with_another_ingredient(wrong, fails):
    assert failures("gamma-memory", **wrong) == [fails]
