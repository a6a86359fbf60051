"""Fails with a temperature that is too high, or a constant other than the printed one."""

from checks import failures
from fastweights.theory.hopfield.softmax_hopfield_capacity import base

SMALL = (8, 14)


def test_fails_with_a_memory_that_is_too_warm():
    failed = failures("softmax-hopfield-capacity", sizes=SMALL, beta=0.3)
    assert failed and all(name.startswith("error") for name in failed)


def test_fails_with_another_constant():
    def another(beta, radius, units, failure):
        return base(beta, radius, units + 1, failure)

    failed = failures("softmax-hopfield-capacity", sizes=SMALL, base=another)
    assert failed and all(name.startswith("c for K") for name in failed)
