"""Fails with a transposed index, a missing diagonal, or a wrong sign."""

import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong",
    [
        lambda y_i, y_j, same: y_i * (same - y_i),
        lambda y_i, y_j, same: -y_i * y_j,
        lambda y_i, y_j, same: y_i * (same + y_j),
    ],
)
def test_fails_with_a_wrong_jacobian(wrong):
    assert not holds("softmax-cross-entropy", entry=wrong)


@pytest.mark.parametrize(
    "wrong", [lambda y_j, is_target: is_target - y_j, lambda y_j, is_target: y_j * (y_j - is_target)]
)
def test_fails_with_a_wrong_gradient(wrong):
    assert not holds("softmax-cross-entropy", error=wrong)
