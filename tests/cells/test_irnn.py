"""How W starts; the equation is tested by the contracts and the reference."""

import jax
import numpy as np
import pytest

from fastweights.cells.irnn import IRNN, IRNNOptions
from fastweights.errors import InvalidValueError
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval

POSITIVE = IRNNOptions(recurrent_scale=0.5, recurrent_init="positive-definite")


def test_the_identity_is_the_default():
    cell = IRNN(3, 4, key=jax.random.key(0))
    assert np.array_equal(cell.recurrent, 0.5 * np.eye(4))


def test_the_np_rnn_is_positive_definite_with_the_scale_as_its_largest_eigenvalue():
    cell, other = (IRNN(3, 6, options=POSITIVE, key=jax.random.key(seed)) for seed in (0, 1))
    values = np.linalg.eigvalsh(np.asarray(cell.recurrent, np.float64))
    assert values[0] > 0
    assert values[-1] == pytest.approx(0.5, abs=1e-6)
    assert values[-2] < 0.49
    assert np.allclose(cell.recurrent, cell.recurrent.T)
    assert not np.allclose(cell.recurrent, other.recurrent)
    identity = IRNN(3, 6, key=jax.random.key(0))
    assert np.array_equal(cell.input, identity.input), "C is drawn as before"


def test_specifications_without_the_option_keep_their_identifiers():
    task = AssociativeRetrieval(2)
    plain, positive = (RunSpecification(task, "irnn", 4, cell=options) for options in (None, POSITIVE))
    assert "recurrent_init" not in plain.to_json()["model"]["cell"]
    assert positive.to_json()["model"]["cell"]["recurrent_init"] == "positive-definite"


def test_another_start_is_refused():
    with pytest.raises(InvalidValueError, match="recurrent_init"):
        IRNNOptions(recurrent_init="orthogonal")
