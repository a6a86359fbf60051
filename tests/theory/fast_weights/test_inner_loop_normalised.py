"""Fails with too small a gain."""

import pytest

from checks import holds


@pytest.mark.parametrize("wrong", [lambda gain: float(abs(gain).min()) / 4, lambda gain: 0.1])
def test_fails_with_too_small_a_gain(wrong):
    assert not holds("inner-loop-normalised", gain=wrong)
