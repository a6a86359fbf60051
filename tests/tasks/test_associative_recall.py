"""Associative recall: an oracle finds every value, guessers land where they must, slots are as published."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare

from fastweights.errors import InvalidValueError
from fastweights.tasks.associative_recall import AssociativeRecall, choose_distinct

TASKS = [
    AssociativeRecall(),
    AssociativeRecall(overwriting=True),
    AssociativeRecall(num_symbols=16, num_pairs=3, length=20, power=1.0),
    AssociativeRecall(num_symbols=16, num_pairs=4, length=24, overwriting=True),
    AssociativeRecall(length=256, num_pairs=16),
    AssociativeRecall(num_symbols=16, num_pairs=3, length=20, distractors=True),
]
each_task = pytest.mark.parametrize("task", TASKS, ids=repr)


def context_of(task, data):
    """The keys and the values that are written (sequences, pairs)."""
    size = 2 * task.num_pairs * (1 + task.overwriting)
    return data.inputs[:, :size:2].astype(int), data.inputs[:, 1:size:2].astype(int)


@each_task
def test_an_oracle_finds_every_value(task):
    """Once a sequence, the value that was written last, where the key comes again."""
    data = task.split("test", 500)
    keys, values = context_of(task, data)
    for i, inputs in enumerate(data.inputs):
        memory = dict(zip(keys[i], values[i], strict=True))
        asked = inputs[data.mask[i]]
        assert sorted(asked) == sorted(memory) and len(memory) == task.num_pairs
        np.testing.assert_array_equal(data.targets[i][data.mask[i]], [memory[key] for key in asked])
        assert not data.targets[i][~data.mask[i]].any()
        rest = inputs[2 * len(keys[i]) :]
        other = rest[~data.mask[i][2 * len(keys[i]) :]]
        assert not data.mask[i][2 * len(keys[i]) + 1 :: 2].any()
        if task.distractors:
            assert ((other > 0) & (other < task.num_symbols // 2)).all() and not np.isin(other, keys[i]).any()
        else:
            assert not other.any()
    half = task.num_symbols // 2
    assert keys.min() >= 1 and keys.max() < half <= values.min() and values.max() < task.num_symbols
    assert (np.diff(np.sort(values, axis=1), axis=1) > 0).all()


def test_every_key_and_value_is_as_likely_as_any():
    task = TASKS[3]
    keys, values = context_of(task, task.split("train", 30_000))
    for place in range(keys.shape[1]):
        assert chisquare(np.bincount(keys[:, place] - 1, minlength=7)).pvalue > 1e-3
        assert chisquare(np.bincount(values[:, place] - 8, minlength=8)).pvalue > 1e-3
    counts = np.stack([(keys[:, :, None] == keys[:, None]).sum(axis=2)])
    assert (counts == 2).all()
    # Which place has the same key as the first one.
    same = (keys[:, 1:] == keys[:, :1]).argmax(axis=1)
    assert chisquare(np.bincount(same, minlength=7)).pvalue > 1e-3


def test_a_distractor_is_any_other_key():
    task = TASKS[-1]
    data = task.split("train", 5_000)
    keys, _ = context_of(task, data)
    fillers = data.inputs[:, 7].astype(int)  # of a position without a slot
    assert chisquare(np.bincount(fillers - 1, minlength=7)).pvalue > 1e-3
    places = (fillers[:, None] - keys[:, 0][:, None]) % 7  # never that of the first key
    assert chisquare(np.bincount(places.ravel(), minlength=7)[1:]).pvalue > 1e-3
    for inputs, mask in zip(data.inputs[:50], data.mask[:50], strict=True):
        np.testing.assert_array_equal(task.asked(inputs), mask)


def test_slots_are_drawn_one_after_the_other_without_replacement():
    """Against the probabilities of every order, multiplied out: the first three keys of four slots."""
    task = AssociativeRecall(num_symbols=16, num_pairs=3, length=14, power=0.4)
    data = task.split("train", 40_000)
    keys, _ = context_of(task, data)
    slots = data.inputs[:, 6::2]
    assert slots.shape[1] == 4
    places = (slots[:, None] == keys[:, :, None]).argmax(axis=2)
    weights = np.arange(1, 5) ** (0.4 - 1)
    expected, observed = [], []
    for order in permutations(range(4), 3):
        left, probability = weights.sum(), 1.0
        for slot in order:
            probability *= weights[slot] / left
            left -= weights[slot]
        expected.append(probability * len(places))
        observed.append((places == order).all(axis=1).sum())
    assert chisquare(observed, expected).pvalue > 1e-3


@each_task
def test_guessers_have_the_errors_that_are_derived(task):
    data = task.split("test", 4000)
    keys, values = context_of(task, data)
    answers = data.targets[data.mask].reshape(4000, -1).astype(int)
    # The last value written, and any other: right in at most one of K cases.
    assert np.mean(answers != values[:, -1:]) == pytest.approx(task.floor(), abs=1e-12)
    for place in range(values.shape[1]):
        assert np.mean(answers != values[:, place : place + 1]) >= task.floor() - 1e-12
    if task.overwriting:
        # One that knows both values of each key, but not which came later: it says the larger.
        asked = data.inputs[data.mask].reshape(4000, -1)
        both = np.where(asked[:, :, None] == keys[:, None], values[:, None], -1).max(axis=2)
        assert abs(np.mean(both != answers) - 0.5) < 4 * 0.5 / np.sqrt(answers.size)


def test_distinct_numbers_are_every_ordered_choice_equally_often():
    draws = jax.random.uniform(jax.random.key(0), (60_000, 3))
    chosen = np.asarray(jax.jit(jax.vmap(lambda draws: choose_distinct(draws, 5)))(draws))
    counts = [(chosen == order).all(axis=1).sum() for order in permutations(range(5), 3)]
    assert sum(counts) == 60_000 and chisquare(counts).pvalue > 1e-3
    everything = np.asarray(choose_distinct(jnp.asarray(draws[:7, 0]), 7))
    assert sorted(everything) == list(range(7))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_symbols": 2}, "num_symbols must be between 4 and 65,536; got 2"),
        ({"num_symbols": 9}, "num_symbols must be even; got 9"),
        ({"num_symbols": 8, "num_pairs": 4}, "num_pairs must be between 1 and 3; got 4"),
        ({"num_symbols": 8, "num_pairs": 3, "overwriting": True}, "num_pairs must be between 1 and 2; got 3"),
        ({"num_symbols": 8, "num_pairs": 3, "distractors": True}, "num_pairs must be between 1 and 2; got 3"),
        ({"length": 14}, "length must be between 16 and 100,000; got 14"),
        ({"length": 22, "overwriting": True}, "length must be between 24 and 100,000; got 22"),
        ({"length": 17}, "length must be even; got 17"),
        ({"power": -0.1}, "power must be at least 0 and finite; got -0.1"),
        ({"power": float("nan")}, "got nan"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InvalidValueError, match=message):
        AssociativeRecall(**options)


@pytest.mark.parametrize(
    "task", [AssociativeRecall(length=16), AssociativeRecall(length=24, overwriting=True)]
)
def test_the_shortest_sequence_has_no_empty_slot(task):
    data = task.split("train", 50)
    assert (data.mask.sum(axis=1) == 4).all()
    assert (data.mask[:, -8::2]).all()
