"""Fails with other normalisations: over the batch, without the mean, with ε ignored or elsewhere."""

import jax.numpy as jnp
import pytest

from checks import holds
from fastweights.theory.fast_weights.layer_norm_invariance import LayerNormInvariance


def over_the_batch(x, gain, bias, epsilon):
    """The mistake that a transposed layout invites."""
    mean, variance = x.mean(axis=0), x.var(axis=0)
    return gain * (x - mean) / jnp.sqrt(variance + epsilon) + bias


def without_the_mean(x, gain, bias, epsilon):
    """RMS normalisation."""
    return gain * x / jnp.sqrt(jnp.mean(x**2, axis=-1, keepdims=True) + epsilon) + bias


def outside_the_root(x, gain, bias, epsilon):
    mean, deviation = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
    return gain * (x - mean) / (deviation + epsilon) + bias


@pytest.mark.parametrize(
    "wrong",
    [
        {"normalise": over_the_batch},
        {"normalise": without_the_mean},
        {"normalise": outside_the_root},
        {"deviation": lambda variance, scale, epsilon: 1 + 0 * variance},
        {
            "deviation": lambda variance, scale, epsilon: LayerNormInvariance.deviation(
                variance, scale**2, epsilon
            )
        },
    ],
)
def test_fails_with_a_wrong_ingredient(wrong):
    assert not holds("layer-norm-invariance", **wrong)
