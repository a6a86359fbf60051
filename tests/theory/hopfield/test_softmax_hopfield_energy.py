"""Fails with steps that are too long, or another temperature."""

import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"update": lambda memory, state: 2 * memory.update(state) - state},
        {"update": lambda memory, state: memory.update(state) + 0.01},
        {"energy_temperature": lambda beta: 2 * beta},
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("softmax-hopfield-energy", **wrong)
