"""Fails with a memory that is not empty, a wrong sign, or another power."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.fast_weights.inner_loop_methods import InnerLoopMethods


@pytest.mark.parametrize(
    "wrong",
    [
        {"nothing": lambda units: 0.1 * np.eye(units)},
        {"difference": lambda summed, read: -InnerLoopMethods.difference(summed, read)},
        {"difference": lambda summed, read: read - InnerLoopMethods.difference(summed, read)},
        {"power": lambda matrix, steps: InnerLoopMethods.power(matrix, steps + 1)},
        {"power": lambda matrix, steps: np.eye(len(matrix)) + steps * matrix},
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("inner-loop-methods", **wrong)
