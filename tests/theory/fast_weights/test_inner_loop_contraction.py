"""Fails with another norm, or the fixed point of another equation."""

import numpy as np
import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": lambda matrix: float(np.linalg.norm(matrix, 2)) ** 2},
        {"rate": lambda matrix: float(np.abs(matrix).max())},
        {"fixed_point": lambda matrix, summed: np.linalg.solve(np.eye(len(matrix)) + matrix, summed)},
        {"fixed_point": lambda matrix, summed: summed + matrix @ summed},
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("inner-loop-contraction", **wrong)
