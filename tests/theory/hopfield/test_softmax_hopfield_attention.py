"""Fails at another temperature."""

import pytest

from checks import holds


@pytest.mark.parametrize("wrong", [lambda units: 1.0, lambda units: 1 / units])
def test_fails_at_another_temperature(wrong):
    assert not holds("softmax-hopfield-attention", scale=wrong)
