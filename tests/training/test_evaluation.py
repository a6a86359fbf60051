"""Answers belong to their sequence alone, and are counted rightly."""

import numpy as np
import pytest

from cases import EVERY_CELL, each, small_model
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.evaluation import evaluate, predict, score

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


def test_score_counts_wrong_answers():
    likely = np.log(np.array([[0.7, 0.3], [0.2, 0.8], [0.4, 0.6]]))
    result = score(likely, np.array([0, 0, 1], np.int8))
    assert (result.error, result.count) == (pytest.approx(1 / 3), 3)
    assert result.log_likelihood == pytest.approx(np.log([0.7, 0.2, 0.6]).mean())


def test_evaluate_scores_what_the_model_predicts():
    model = small_model(EVERY_CELL[0], hidden_size=20)
    assert evaluate(model, DATA) == score(predict(model, DATA.inputs), DATA.targets)
