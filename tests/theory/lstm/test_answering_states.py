"""Fails with another least number, or another expectation."""

import math

import pytest

from checks import failures
from fastweights.theory.lstm.answering_states import unserved


def test_holds():
    assert failures("answering-states") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"least": lambda pairs, digits: math.comb(3, pairs) * digits**pairs},
        {"least": lambda pairs, digits: digits**pairs - 1},
        {"least": lambda pairs, digits: digits**pairs + 1},
        {"unserved": lambda *given: 1.1 * unserved(*given)},
        {"unserved": lambda *given: 0.9 * unserved(*given)},
        {"unserved": lambda n, k, v, tables: math.comb(n, k) * v**k * math.exp(-tables / v**k)},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert len(failures("answering-states", **wrong)) == 1
