"""Fails with another distribution, divisor, mean or largest eigenvalue."""

import pytest

from checks import failures
from fastweights.theory.irnn.np_rnn_spectrum import below


def test_holds():
    assert failures("np-rnn-spectrum") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"below": lambda x: below(x / 1.1)},
        {"below": lambda x: below(x / 0.9)},
        {"below": lambda x: 1.1 * below(x)},
        {"below": lambda x: x / 4},
        {"largest": 1.1},
        {"divisor": 4.5},
        {"divisor": 5.5},
        {"mean": 0.36},
        {"mean": 0.44},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert len(failures("np-rnn-spectrum", **wrong)) == 1
