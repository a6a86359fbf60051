"""Parity: every length in one set, the answer after the last bit, one half without it."""

import numpy as np
import pytest
from scipy.stats import chisquare

from fastweights.errors import InvalidValueError
from fastweights.tasks.parity import Parity

TASK = Parity()
DATA = TASK.split("train", 50_000)
INSIDE = np.arange(40) < DATA.lengths[:, None]


def test_the_answer_is_the_sum_of_the_bits_modulo_2():
    assert (TASK.min_length, TASK.max_length) == (3, 40)
    for i in range(200):
        bits = TASK.decode(DATA.inputs[i][: DATA.lengths[i]])
        assert DATA.targets[i] == bits.count("1") % 2
        assert len(TASK.encode(bits)) == DATA.lengths[i]
    assert not DATA.inputs[~INSIDE].any()
    np.testing.assert_array_equal(DATA.targets, DATA.inputs.sum(axis=1) % 2)


def test_lengths_and_bits_are_uniform():
    """But for the shortest sequences, of which the splits have what the hash gives them."""
    counts = np.bincount(DATA.lengths, minlength=41)
    assert counts[:3].sum() == 0
    assert chisquare(counts[12:]).pvalue > 1e-3
    long = DATA.inputs[DATA.lengths == 40]
    assert abs(long.mean() - 0.5) < 4 * 0.5 / np.sqrt(long.size)


def test_an_answer_that_misses_one_bit_is_no_better_than_chance():
    long = DATA.lengths > 12
    first, last = DATA.inputs[:, 0], DATA.inputs[np.arange(len(DATA.targets)), DATA.lengths - 1]
    for missed in (first, last):
        error = np.mean((DATA.targets ^ missed)[long] != DATA.targets[long])
        assert abs(error - TASK.floor()) < 4 * 0.5 / np.sqrt(long.sum())
    assert TASK.floor() == 0.5


def test_sequences_of_one_length_have_no_lengths():
    data = Parity(min_length=6, max_length=6).split("test", 5)
    assert data.lengths is None and data.inputs.shape == (5, 6)
    np.testing.assert_array_equal(data.targets, data.inputs.sum(axis=1) % 2)


@pytest.mark.parametrize("text", ["", "01", "0" * 41, "012", "01 0", "٠١٠"])
def test_what_is_no_sequence_is_refused(text):
    with pytest.raises(InvalidValueError, match="expected 3 to 40 bits such as 10110; got"):
        TASK.encode(text)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ((0, 5), "min_length must be between 1 and 5; got 0"),
        ((6, 5), "min_length must be between 1 and 5; got 6"),
        ((1, 0), "max_length must be between 1 and 100,000; got 0"),
    ],
)
def test_lengths_out_of_range_are_refused(lengths, message):
    with pytest.raises(InvalidValueError, match=message):
        Parity(*lengths)
