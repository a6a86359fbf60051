"""Fails with too small a bound, or a higher temperature than the bound's."""

import pytest

from checks import holds
from fastweights.theory.hopfield.softmax_hopfield_retrieval import bound


@pytest.mark.parametrize(
    "wrong",
    [
        {"bound": lambda *given: bound(*given) / 3},
        {"bound": lambda beta, *given: bound(2 * beta, *given)},
        {"bound": lambda beta, gap, away, largest, pairs: bound(beta, gap, 0 * away, largest, pairs)},
        {"bound": lambda beta, gap, away, *given: bound(beta, gap, away / 2, *given)},
        {"bound": lambda *given: 1.15 * bound(*given)},
        {"temperature": lambda beta: beta / 2},
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("softmax-hopfield-retrieval", **wrong)
