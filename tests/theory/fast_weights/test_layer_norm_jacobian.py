"""Fails with a detached mean or deviation."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.fast_weights.layer_norm_jacobian import deviation, standardised


def with_a_detached_mean(x, gain):
    hat = standardised(x)
    return gain[:, None] * (np.eye(len(x)) - np.outer(hat, hat) / len(x)) / deviation(x)


def with_a_detached_deviation(x, gain):
    return gain[:, None] * (np.eye(len(x)) - 1 / len(x)) / deviation(x)


@pytest.mark.parametrize("wrong", [with_a_detached_mean, with_a_detached_deviation])
def test_fails_with_a_detached_gradient(wrong):
    assert not holds("layer-norm-jacobian", jacobian=wrong)
