"""Fails with another power or factor of the norm."""

import pytest

from checks import holds


@pytest.mark.parametrize("wrong", [lambda norm: norm**2, lambda norm: norm, lambda norm: 1.1 * norm**3])
def test_fails_with_another_growth(wrong):
    assert not holds("cubic-growth", growth=wrong)
