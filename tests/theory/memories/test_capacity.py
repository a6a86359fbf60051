"""A wrong expectation and a softmax memory that is too warm are found, and nothing else is."""

import pytest

from checks import failures
from fastweights.theory.memories.capacity import theories


@pytest.mark.thorough
def test_fails_where_an_ingredient_is_wrong():
    wrong = {**theories(), "pseudo-inverse": lambda pairs: 0.0}
    failed = failures("capacity", networks=1, expected=wrong, beta=1.0)
    assert [each.partition(":")[0] for each in failed] == ["pseudo-inverse", "softmax-hopfield"]
