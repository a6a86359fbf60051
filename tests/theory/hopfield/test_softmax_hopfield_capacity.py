"""Fails with a temperature that is too high, or a constant other than the printed one."""

import numpy as np
import pytest
from scipy.special import hyp0f1

from checks import failures
from fastweights.theory.hopfield.softmax_hopfield_capacity import base, odds

SMALL = (8, 14)


def test_fails_with_a_memory_that_is_too_warm():
    failed = failures("softmax-hopfield-capacity", sizes=SMALL, beta=0.3)
    assert failed and all(name.startswith(("error", "odds")) for name in failed)


def test_fails_with_another_constant():
    def another(beta, radius, units, failure):
        return base(beta, radius, units + 1, failure)

    failed = failures("softmax-hopfield-capacity", sizes=SMALL, base=another)
    assert failed and all(name.startswith(("c for K", "β K²")) for name in failed)


def with_a_third(units, pairs, beta):
    sharpness = beta * units
    return float((pairs - 1) * np.exp(-sharpness) * hyp0f1(units / 2, sharpness**2 / 3))


@pytest.mark.parametrize("wrong", [with_a_third, lambda *given: 5 * odds(*given)])
def test_fails_with_other_odds(wrong):
    failed = failures("softmax-hopfield-capacity", sizes=SMALL, odds=wrong)
    assert failed and all("odds" in name for name in failed)
