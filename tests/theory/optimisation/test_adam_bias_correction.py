"""Fails without the correction, or with another."""

import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong",
    [
        lambda decay, steps: 1 + 0 * decay,
        lambda decay, steps: 1 - decay ** (steps + 1),
        lambda decay, steps: (1 - decay) * steps,
    ],
)
def test_fails_with_another_correction(wrong):
    assert not holds("adam-bias-correction", correction=wrong)
