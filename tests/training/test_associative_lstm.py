"""The associative LSTM's permutations are no weights: they come through training and files all the same."""

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
import pytest

from cases import Case, small_model
from fastweights.cells.associative_lstm import AssociativeLSTMOptions
from fastweights.models import count_state
from fastweights.runs import worker
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training import checkpoint
from fastweights.training.evaluation import predict
from fastweights.training.loop import fit, init, train_batched
from fastweights.training.options import TrainingOptions

TASK = AssociativeRetrieval(num_pairs=1)
DATA, VALIDATION = TASK.split("train", 100), TASK.split("validation", 20)
OPTIONS = TrainingOptions(updates=4, evaluate_every=4, batch_size=8)
CASE = Case("associative-lstm")


@pytest.mark.thorough
def test_runs_side_by_side_equal_the_runs_alone(float64):
    begun = [init(small_model(CASE, seed=seed), OPTIONS) for seed in range(2)]
    options = [OPTIONS, replace(OPTIONS, learning_rate=1e-2)]
    *_, beside = train_batched(begun, DATA, VALIDATION, options=options, seeds=range(2))
    for seed, last in enumerate(beside):
        alone = fit(begun[seed].model, DATA, VALIDATION, options=options[seed], seed=seed)
        for a, b in zip(jax.tree.leaves(last.model), jax.tree.leaves(alone.model), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)


def test_a_file_gives_back_the_same_answers(tmp_path):
    cell = AssociativeLSTMOptions(copies=3, heads=2)
    specification = RunSpecification(TASK, "associative-lstm", 6, cell)
    model = fit(specification.build_model(), DATA, VALIDATION, options=OPTIONS).model
    about = {"kind": "model", "specification": specification.to_json(), "outcome": {"state": "finished"}}
    checkpoint.save(tmp_path / "m", {"model": model}, about)
    _, loaded, _ = worker.load_model(tmp_path / "m")
    assert eqx.tree_equal(model, loaded)
    np.testing.assert_array_equal(predict(model, DATA.inputs), predict(loaded, DATA.inputs))


def test_the_state_is_the_copies_and_the_output():
    assert count_state(eqx.filter_eval_shape(small_model, CASE, 20).cell) == 20 * (4 + 1)
