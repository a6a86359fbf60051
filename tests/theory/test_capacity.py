"""One wrong expectation, or a softmax memory that is too warm."""

import pytest

from claims import holds
from fastweights.theory.capacity import theories


@pytest.mark.parametrize(
    "wrong",
    [
        {"expected": {**theories(), "pseudo-inverse": lambda pairs: 0.0}},
        {"beta": 1.0},
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("capacity", **wrong)
