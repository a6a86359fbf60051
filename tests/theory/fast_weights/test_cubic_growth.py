"""Fails with another power or factor of the norm, or a term of the bound left out."""

import pytest

from checks import holds
from fastweights.theory.fast_weights.cubic_growth import rest


@pytest.mark.parametrize("wrong", [lambda norm: norm**2, lambda norm: norm, lambda norm: 1.1 * norm**3])
def test_fails_with_another_growth(wrong):
    assert not holds("cubic-growth", growth=wrong)


@pytest.mark.parametrize("left_out", [0, 4, 3])
def test_fails_without_a_term(left_out):
    def wrong(*given):
        return rest(*(0.0 if i == left_out else value for i, value in enumerate(given)))

    assert not holds("cubic-growth", rest=wrong)
