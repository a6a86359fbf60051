"""Fails with another border, margin or slope."""

import math

import pytest

from checks import failures
from fastweights.theory.long_term_memory import robust_latch


def test_holds():
    assert failures("robust-latch") == []


@pytest.mark.parametrize("factor", [0.9, 1.1])
@pytest.mark.parametrize("name", ["border", "margin", "slope"])
def test_fails_with_another_constant(name, factor):
    true = getattr(robust_latch, name)
    assert failures("robust-latch", **{name: lambda *given: factor * true(*given)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": lambda w: w * math.sqrt(1 - 1 / w)},
        {"slope": lambda w, h: w * (1 - h)},
        {"border": lambda w: 1 - 1 / w},
    ],
)
def test_fails_with_another_formula(wrong):
    assert failures("robust-latch", **wrong)
