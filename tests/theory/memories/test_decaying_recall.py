"""Fails with ages counted from one, no decay, or a wrong number, optimum or moment."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.decaying_recall import crosstalk, weight


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": lambda decay, age: weight(decay, age + 1)},
        {"weight": lambda decay, age: np.ones(len(age))},
        {"effective_number": lambda decay: 1 / (1 - decay)},
        {"best_decay": lambda age: age / (age + 1)},
        {"best_decay": lambda age: float(np.exp(-1 / age))},
        {"effective_number": lambda decay: 1 / (1 - decay**2) + 0.3},
        {"reach": lambda ratio: ratio / np.e},
        {"crosstalk": lambda weights, overlaps: crosstalk(weights, np.eye(len(overlaps)) / len(overlaps))},
        {"crosstalk_of_states": crosstalk},
        {"overlaps_not_negative": lambda units: np.eye(units) / units},
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("decaying-recall", **wrong)
