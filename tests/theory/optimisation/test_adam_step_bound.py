"""Fails with the published bound, and with one that is not attained."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.optimisation.adam_step_bound import published_bound, supremum


@pytest.mark.parametrize(
    "wrong",
    [
        lambda first, second, t: np.full(len(t), published_bound(first, second)),
        lambda first, second, t: 1.01 * supremum(first, second, t),
        lambda first, second, t: supremum(first, second, t + 1),
    ],
)
def test_fails_with_another_bound(wrong):
    assert not holds("adam-step-bound", supremum=wrong)
