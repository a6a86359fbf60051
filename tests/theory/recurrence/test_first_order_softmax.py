"""Fails with another power, coefficient or feature."""

import numpy as np
import pytest

from checks import failures
from fastweights.theory.recurrence.first_order_softmax import features, leading

SLOPE, COEFFICIENT = "slope between the two least ε", "coefficient of ε², relative difference"


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        ({"order": 1.8}, [SLOPE]),
        ({"order": 2.2}, [SLOPE]),
        ({"leading": lambda s, v: 1.1 * leading(s, v)}, [COEFFICIENT]),
        ({"leading": lambda s, v: np.mean(s[:, None] ** 2 * v, axis=0) / 2}, [COEFFICIENT]),
        ({"features": lambda k, scale: np.append(1, np.sqrt(0.9 * scale) * k)}, [SLOPE, COEFFICIENT]),
        ({"features": lambda k, scale: np.append(1.1, np.sqrt(scale) * k)}, [SLOPE, COEFFICIENT]),
    ],
)
def test_fails_with_another_ingredient(wrong, fails):
    assert failures("first-order-softmax", **wrong) == fails


def test_the_scale_of_all_features_does_not_matter():
    assert not failures("first-order-softmax", features=lambda k, scale: 3 * features(k, scale))
