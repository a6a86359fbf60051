"""Fails with a wrong age, half of the product rule, or no gradient through a write."""

import numpy as np
import pytest

from checks import holds


def test_fails_with_a_wrong_age():
    assert not holds("fast-memory-path", weight=lambda decay, age: decay ** (age + 1))


@pytest.mark.thorough
def test_fails_with_half_of_the_product_rule():
    assert not holds("fast-memory-path", pull=np.outer)


@pytest.mark.thorough
def test_fails_if_no_gradient_passes_a_write():
    assert not holds("fast-memory-path", writes=0.0)
