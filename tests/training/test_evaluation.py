"""Answers belong to their sequence alone, and are counted rightly."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from cases import EVERY_CELL, each, small_model
from fastweights.errors import InvalidValueError
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.datasets import Sequences
from fastweights.training.evaluation import evaluate, in_blocks, predict, summarise
from fastweights.training.objectives import Classification, Regression

DATA = AssociativeRetrieval(num_pairs=1).split("train", 300)


@each(EVERY_CELL)
def test_an_answer_does_not_depend_on_what_stands_beside_it(case):
    """To the last bit, over a border between blocks."""
    model = small_model(case, hidden_size=20)
    inputs = DATA.inputs
    together = predict(model, inputs)
    assert together.shape == (300, 10)
    for i in (0, 7, 255, 256, 299):
        np.testing.assert_array_equal(predict(model, inputs[i : i + 1])[0], together[i])
    np.testing.assert_allclose(np.exp(together).sum(axis=-1), 1, rtol=1e-5)


def test_classes_are_scored_by_the_largest_output_and_its_probability():
    """Every answer that is asked for counts once, where a sequence has fewer positions too."""
    probabilities = np.array([[[0.7, 0.3], [0.2, 0.8]], [[0.4, 0.6], [0.9, 0.1]]])
    targets = np.array([[0, 0], [1, 1]], np.int8)
    scores = Classification().scores(jnp.asarray(2 + np.log(probabilities)), jnp.asarray(targets))
    result = summarise(scores, Sequences(targets, targets, np.array([[0, 3], [2, -1]])))
    assert (result.error, result.count) == (pytest.approx(1 / 3), 3)
    assert result.log_likelihood == pytest.approx(np.log([0.7, 0.2, 0.6]).mean(), rel=1e-6)


def test_real_vectors_are_scored_by_the_squared_error_and_the_normal_density():
    rng = np.random.default_rng(0)
    outputs, targets = rng.standard_normal((2, 50, 3))
    scores = Regression().scores(jnp.asarray(outputs), jnp.asarray(targets))
    result = summarise(scores, Sequences(targets, targets))
    assert result.error == pytest.approx(np.mean((outputs - targets) ** 2), rel=1e-6)
    assert result.log_likelihood == pytest.approx(norm.logpdf(targets, outputs).sum(axis=1).mean(), rel=1e-6)
    assert result.count == 50


def test_evaluate_scores_what_the_model_predicts():
    model = small_model(EVERY_CELL[0], hidden_size=20)
    likely, result = predict(model, DATA.inputs), evaluate(model, DATA)
    assert result.error == (likely.argmax(axis=1) != DATA.targets).mean()
    right = likely[np.arange(300), DATA.targets].astype(np.float64)
    assert result.log_likelihood == pytest.approx(right.mean(), rel=1e-6)


def test_a_few_blocks_are_under_way_at_once_and_their_answers_stay_in_order():
    under_way, most = set(), []

    class Answer:
        def __init__(self, block):
            self.block = block
            under_way.add(self)
            most.append(len(under_way))

        def __array__(self, dtype=None, copy=None):
            under_way.discard(self)
            return 2 * self.block

    data = np.arange(20 * 256 + 3)
    answers = in_blocks(lambda model, block: Answer(block), small_model(EVERY_CELL[0]), data)
    np.testing.assert_array_equal(answers, 2 * data)
    assert max(most) == 8 and len(most) == 21 and not under_way


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"positions": [[0.5]] * 3}, "positions must be integers"),
        ({"positions": [[5]] * 3}, r"positions must be between 0 and 4; got \[5\]"),
        ({"positions": [[-1]] * 3}, r"positions must be between 0 and 4; got \[-1\]"),
        ({"lengths": [2.9, 5.0, 5.0]}, "lengths must be integers"),
        ({"lengths": [2, 5, 6]}, r"lengths must be between 0 and 5; got \[6\]"),
    ],
)
def test_positions_and_lengths_that_do_not_fit_are_refused(bad, message):
    """Not truncated, wrapped or clamped without a word."""
    with pytest.raises(InvalidValueError, match=message):
        predict(small_model(EVERY_CELL[0], hidden_size=4), DATA.inputs[:3], **bad)
