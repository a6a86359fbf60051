"""Fails with a wrong power, or without the identity."""

import numpy as np
import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong", [lambda scale, age: scale ** (age + 1), lambda scale, age: np.ones_like(age)]
)
def test_fails_with_a_wrong_power(wrong):
    assert not holds("identity-relu", decay=wrong)


@pytest.mark.parametrize("wrong", [lambda units: np.roll(np.eye(units), 1, axis=0)])
def test_fails_without_the_identity(wrong):
    assert not holds("identity-relu", recurrent=wrong)
