"""Fails with eigenvalues in place of the norm, or a matrix whose gradients do not grow."""

import numpy as np
import pytest

from checks import holds


@pytest.mark.parametrize("wrong", [lambda matrix: abs(np.linalg.eigvals(matrix)).max()])
def test_fails_with_eigenvalues_for_the_norm(wrong):
    assert not holds("vanishing-gradients", size=wrong)


@pytest.mark.parametrize(
    "wrong", [lambda: np.array([[1.0, 1.0], [-1.0, -1.0]]), lambda: np.array([[2.0, 2.0], [2.0, 2.0]])]
)
def test_fails_with_another_matrix(wrong):
    assert not holds("vanishing-gradients", unstable=wrong)
