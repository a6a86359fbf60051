"""How weights are distributed before training."""

import numpy as np


def _assert_moments(weights, deviation):
    """Within five standard errors of each estimate."""
    error = 5 / np.size(weights) ** 0.5
    assert abs(np.mean(weights)) < error * deviation
    assert abs(np.std(weights) / deviation - 1) < error


def assert_uniform(weights, bound):
    """Between ± the bound, and nearly up to it."""
    _assert_moments(weights, bound / 3**0.5)
    assert 0.9 * bound < np.max(np.abs(weights)) <= bound


def assert_sum_of_two_uniform(weights, bound):
    """Each of the two between ± the bound."""
    _assert_moments(weights, bound * (2 / 3) ** 0.5)
    assert bound < np.max(np.abs(weights)) <= 2 * bound


def assert_normal(weights, deviation):
    """With one weight in 22 beyond two deviations."""
    _assert_moments(weights, deviation)
    beyond = np.mean(np.abs(weights) > 2 * deviation)
    assert abs(beyond - 0.0455) < 5 * (0.0455 / np.size(weights)) ** 0.5
