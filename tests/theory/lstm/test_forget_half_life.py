"""Fails with another half-life or another bias."""

import math

import pytest

from checks import failures
from fastweights.theory.lstm import forget_half_life


def test_holds():
    assert failures("forget-half-life") == []


@pytest.mark.parametrize("factor", [0.9, 1.1])
@pytest.mark.parametrize("name", ["half_life", "bias_for"])
def test_fails_with_another_constant(name, factor):
    true = getattr(forget_half_life, name)
    assert failures("forget-half-life", **{name: lambda given: factor * true(given)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"half_life": lambda bias: math.log(2) * math.exp(bias)},
        {"bias_for": math.log},
        {"bias_for": lambda steps: math.log(steps - 1.1)},
    ],
)
def test_fails_with_another_formula(wrong):
    assert failures("forget-half-life", **wrong)
