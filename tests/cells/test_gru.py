"""The gated recurrent unit starts as PyTorch's does; tests/bench compares what both compute."""

import jax

from cells.distributions import assert_sum_of_two_uniform, assert_uniform
from fastweights.cells.gru import GRU

UNITS, INPUTS = 100, 60


def test_it_starts_as_in_pytorch():
    cell, bound = GRU(INPUTS, UNITS, key=jax.random.key(0)), UNITS**-0.5
    for weights in (cell.recurrent, cell.input, cell.bias[2 * UNITS :], cell.candidate_bias):
        assert_uniform(weights, bound)
    assert_sum_of_two_uniform(cell.bias[: 2 * UNITS], bound)
