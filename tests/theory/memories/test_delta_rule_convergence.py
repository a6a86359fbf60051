"""Fails with a wrong eigenvalue, highest rate, or factor."""

import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"contraction": lambda rate, eigenvalues: float(abs(1 - rate * eigenvalues.max()))},
        {"contraction": lambda rate, eigenvalues: float(1 - rate * eigenvalues.mean())},
        {"highest_rate": lambda eigenvalues: 1 / eigenvalues.max()},
        {"highest_rate": lambda eigenvalues: 2 / eigenvalues.sum()},
        {"shrinking": lambda rate, squared: 1 - rate},
        {"shrinking": lambda rate, squared: 1 - 2 * rate * squared},
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("delta-rule-convergence", **wrong)
