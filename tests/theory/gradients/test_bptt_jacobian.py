"""Fails with rows stacked instead of columns, or factors in the wrong order."""

import numpy as np
import pytest

from checks import holds


def test_fails_with_vec_by_rows():
    assert not holds("bptt-jacobian", jacobian=lambda vector, units: np.kron(np.eye(units), vector[None]))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda error, recurrent, slopes: error @ recurrent.T @ np.diag(slopes),
        lambda error, recurrent, slopes: error @ np.diag(slopes) @ recurrent,
        lambda error, recurrent, slopes: error @ recurrent,
    ],
)
def test_fails_with_a_wrong_step_back(wrong):
    assert not holds("bptt-jacobian", back=wrong)
