"""A memory that is too warm forgets, and a wrong constant is not the printed one."""

import pytest

from claims import holds
from fastweights.theory.softmax_hopfield_capacity import base


@pytest.mark.parametrize(
    "wrong",
    [{"beta": 0.3}, {"base": lambda beta, radius, units, failure: base(beta, radius, units + 1, failure)}],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("softmax-hopfield-capacity", **wrong)
