"""Data are checked once, at every public entry, before anything is compiled; wide alphabets train."""

import jax
import numpy as np
import pytest

from cases import Case, small_model
from fastweights.cells.irnn import IRNN
from fastweights.errors import InvalidValueError
from fastweights.models import SequenceClassifier, SequenceModel
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Dataset
from fastweights.training.evaluation import evaluate, predict
from fastweights.training.loop import fit, init, resume, train_batched
from fastweights.training.options import TrainingOptions
from wide_task import WideTask

DATA = AssociativeRetrieval(num_pairs=1).split("train", 60)
OPTIONS = TrainingOptions(updates=2, evaluate_every=2, batch_size=8)
MODEL = small_model(Case("irnn"))


def with_entry(array: np.ndarray, value: int) -> np.ndarray:
    """The array with one other number in the middle."""
    changed = array.astype(int)
    changed[30] = value
    return changed


BAD = {
    "fewer targets": (Dataset(DATA.inputs, DATA.targets[:-1]), "a target for each sequence; got 59 for 60"),
    "a negative token": (Dataset(with_entry(DATA.inputs, -1), DATA.targets), "symbols from 0 to 36; got -1"),
    "an unknown token": (Dataset(with_entry(DATA.inputs, 37), DATA.targets), "symbols from 0 to 36; got 37"),
    "a wide token": (Dataset(with_entry(DATA.inputs, 256), DATA.targets), "symbols from 0 to 36; got 256"),
    "a negative class": (Dataset(DATA.inputs, with_entry(DATA.targets, -1)), "classes from 0 to 9; got -1"),
    "symbol numbers as classes": (Dataset(DATA.inputs, DATA.targets + 26), "classes from 0 to 9; got 35"),
    "no sequence": (Dataset(DATA.inputs[:0], DATA.targets[:0]), r"got int8 of shape \(0, 5\)"),
    "no time": (Dataset(DATA.inputs[:, :0], DATA.targets), r"got int8 of shape \(60, 0\)"),
    "one-hot inputs": (Dataset(np.eye(37)[DATA.inputs], DATA.targets), r"got float64 of shape \(60, 5, 37\)"),
    "one-hot classes": (
        Dataset(DATA.inputs, np.eye(10)[DATA.targets]),
        r"of integers; got float64 of shape \(60, 10\)",
    ),
    "real classes": (Dataset(DATA.inputs, DATA.targets / 2), r"of integers; got float64 of shape \(60,\)"),
    "a mask of numbers": (Dataset(DATA.inputs, DATA.inputs % 10, DATA.inputs), "truth values of shape"),
    "a mask for each sequence": (
        Dataset(DATA.inputs, DATA.inputs % 10, DATA.targets > 3),
        "truth values of sh",
    ),
    "a mask that asks nothing": (
        Dataset(DATA.inputs, DATA.inputs % 10, DATA.inputs < 0),
        "asks for no answer",
    ),
    "a mask and classes of sequences": (
        Dataset(DATA.inputs, DATA.targets, DATA.inputs >= 0),
        r"non-empty array \(sequences, time\) of integers; got int8 of shape \(60,\)",
    ),
    "lengths of 0": (Dataset(*DATA[:2], lengths=DATA.targets * 0), r"from 1 to 5; got \[0\]"),
    "lengths above": (Dataset(*DATA[:2], lengths=DATA.targets * 0 + 6), r"from 1 to 5; got \[6\]"),
    "real lengths": (Dataset(*DATA[:2], lengths=DATA.targets / 2 + 1), "of integers; got float64"),
    "fewer lengths": (
        Dataset(*DATA[:2], lengths=DATA.targets[1:] * 0 + 1),
        "a length for each sequence; got 59",
    ),
    "a mask after the end": (
        Dataset(DATA.inputs, DATA.inputs % 10, DATA.inputs >= 0, DATA.targets * 0 + 3),
        "asks after a sequence's end",
    ),
    "ragged lists": (Dataset([[1, 2], [3]], [0, 0]), "sequences of one length"),
    "text": (Dataset(["a1??a"] * 60, DATA.targets), r"got <U5 of shape \(60,\)"),
    "truth values": (Dataset(DATA.inputs > 3, DATA.targets), "got bool of shape"),
}


def train(data: Dataset, validation: Dataset) -> None:
    fit(MODEL, data, validation, options=OPTIONS)


# Each is refused by the call itself: what it returns need not be iterated.
ENTRIES = {
    "fit": lambda data: train(data, DATA),
    "fit, validation": lambda data: train(DATA, data),
    "resume": lambda data: resume(init(MODEL, OPTIONS), data, DATA, options=OPTIONS),
    "train_batched, test": lambda data: train_batched(
        [init(MODEL, OPTIONS)] * 2, DATA, DATA, options=[OPTIONS] * 2, seeds=[0, 1], test=data
    ),
    "evaluate": lambda data: evaluate(MODEL, data),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("name", BAD)
def test_data_that_do_not_fit_the_model_are_refused(name, entry):
    data, message = BAD[name]
    with pytest.raises(InvalidValueError, match=message) as caught:
        ENTRIES[entry](data)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "name", [name for name in BAD if not np.array_equal(BAD[name][0].inputs, DATA.inputs)]
)
def test_inputs_that_do_not_fit_the_model_are_not_predicted(name):
    data, message = BAD[name]
    with pytest.raises(InvalidValueError, match=message):
        predict(MODEL, data.inputs)


def test_a_model_with_too_few_symbols_is_refused():
    model = SequenceClassifier(MODEL.cell, 30, 10, key=jax.random.key(0))
    with pytest.raises(InvalidValueError, match="symbols from 0 to 29; got 36"):
        evaluate(model, DATA)


def test_classes_are_the_outputs_of_a_softmax_over_the_symbols():
    padded = small_model(Case("irnn"), softmax="symbols")
    assert evaluate(padded, Dataset(DATA.inputs, DATA.targets + 26)).count == 60
    with pytest.raises(InvalidValueError, match="classes from 0 to 36; got 37"):
        evaluate(padded, Dataset(DATA.inputs, with_entry(DATA.targets, 37)))


VECTORS = np.ones((6, 4, 3))
REGRESSION = SequenceModel(IRNN(3, 5, key=jax.random.key(0)), 2, key=jax.random.key(1))
GOOD = Dataset(VECTORS, VECTORS[:, 0, :2])


def with_number(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed.flat[1] = value
    return changed


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e300])  # the last is infinite in float32
@pytest.mark.parametrize("what", ["inputs", "targets"])
def test_real_vectors_must_be_finite(what, value):
    """Else the run would be said to have diverged, at a learning rate that has nothing to do with it."""
    bad = GOOD._replace(**{what: with_number(getattr(GOOD, what), value)})
    with pytest.raises(InvalidValueError, match=f"{what} of the training data must be finite .* float32$"):
        fit(REGRESSION, bad, GOOD, options=OPTIONS)
    evaluate(REGRESSION, GOOD)


def test_vectors_of_another_size_are_refused():
    with pytest.raises(InvalidValueError, match="must have 2 numbers; got 3"):
        evaluate(REGRESSION, Dataset(VECTORS, VECTORS[:, 0]))


@pytest.mark.parametrize("name", ["validation", "test"])
def test_training_for_classes_is_not_validated_on_vectors(name):
    """Their errors, a share and a square, are no two values of one thing."""
    sets = {"validation": GOOD, "test": GOOD, name: Dataset(VECTORS, np.ones(6, int))}
    with pytest.raises(InvalidValueError, match="classes in all data, or real vectors in all"):
        fit(REGRESSION, GOOD, sets["validation"], options=OPTIONS, test=sets["test"])


@pytest.mark.parametrize("kind", [list, np.int64, np.uint8])
def test_lists_and_every_type_of_integer_give_the_same_answers(kind):
    convert = (lambda array: array.tolist()) if kind is list else (lambda array: array.astype(kind))
    same = Dataset(convert(DATA.inputs), convert(DATA.targets))
    assert evaluate(MODEL, same) == evaluate(MODEL, DATA)


@pytest.mark.thorough
def test_200_symbols_and_classes_are_learned():
    task = WideTask()
    cell_key, key = jax.random.split(jax.random.key(0))
    model = SequenceClassifier(IRNN(30, 40, key=cell_key), 200, 200, key=key)
    options = TrainingOptions(updates=400, evaluate_every=400, learning_rate=5e-3)
    result = fit(model, task.split("train", 5000), task.split("validation", 300), options=options)
    assert evaluate(result.model, task.split("test", 300)).error == 0
