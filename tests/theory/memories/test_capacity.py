"""Fails where an expectation or a temperature is wrong, and only there."""

import pytest

from checks import failures
from fastweights.theory.memories.capacity import theories


@pytest.mark.thorough
def test_fails_where_an_ingredient_is_wrong():
    wrong = {**theories(), "pseudo-inverse": lambda pairs: 0.0}
    failed = failures("capacity", networks=1, expected=wrong, beta=1.0, highest_error=lambda odds: 5 * odds)
    assert {name.partition(":")[0] for name in failed} == {
        "pseudo-inverse",
        "softmax-hopfield",
        "two equal keys",
    }
