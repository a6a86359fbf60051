"""Fails with a memory that is not optimal."""

import pytest

from checks import holds


@pytest.mark.parametrize("name", ["outer-product", "delta-rule"])
def test_fails_for_a_memory_that_is_not_optimal(name):
    assert not holds("pseudo-inverse-optimum", memory=name)
