"""The adding problem: an oracle adds, the best constant lands on the floor, marks stand where they must."""

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from fastweights.errors import InvalidValueError
from fastweights.tasks.adding import Adding

DATA = Adding(30).split("train", 40_000)
NUMBERS, MARKS = DATA.inputs[..., 0], DATA.inputs[..., 1]


def test_the_answer_is_the_sum_of_the_marked_numbers():
    assert DATA.inputs.shape == (40_000, 30, 2) and DATA.targets.shape == (40_000, 1)
    np.testing.assert_allclose(DATA.targets[:, 0], (NUMBERS * MARKS).sum(axis=1), rtol=1e-6)
    assert Adding().length == 150


@pytest.mark.parametrize("length", [30, 7, 2])
def test_one_mark_stands_in_each_half_uniformly(length):
    marks = Adding(length).split("train", 20_000).inputs[..., 1]
    assert set(np.unique(marks)) <= {0, 1}
    halves = marks[:, : length // 2], marks[:, length // 2 :]
    for half in halves:
        assert (half.sum(axis=1) == 1).all()
        assert half.shape[1] == 1 or chisquare(half.sum(axis=0)).pvalue > 1e-3
    first, second = (half.argmax(axis=1) for half in halves)
    if length == 30:
        assert chisquare(np.bincount(first * 15 + second, minlength=225)).pvalue > 1e-3


def test_numbers_are_uniform_wherever_the_marks_are():
    assert kstest(NUMBERS[:, 3], "uniform").pvalue > 1e-3
    assert kstest(NUMBERS[MARKS == 1][::7], "uniform").pvalue > 1e-3


def test_guessers_have_the_errors_that_are_derived():
    """The variance of the squared error of a sum of two uniform numbers around 1 is 7/180."""
    sums = DATA.targets[:, 0].astype(float)
    tolerance = 4 * np.sqrt(7 / 180 / len(sums))
    assert abs(np.mean((sums - 1) ** 2) - Adding().floor()) < tolerance
    assert Adding().floor() == pytest.approx(1 / 6, abs=1e-15)
    assert min(np.mean((sums - guess) ** 2) for guess in (0.95, 1.05)) > Adding().floor() + 0.001
    one = NUMBERS[np.arange(len(sums)), MARKS.argmax(axis=1)]
    assert abs(np.mean((sums - one - 0.5) ** 2) - 1 / 12) < tolerance


@pytest.mark.parametrize("length", [1, 10_001])
def test_lengths_out_of_range_are_refused(length):
    with pytest.raises(InvalidValueError, match=f"length must be between 2 and 10,000; got {length}"):
        Adding(length)
