"""Fails with other products of decays, or another number of steps before they are 0."""

import numpy as np
import pytest

from checks import failures
from fastweights.theory.recurrence.chunk_form import since


def quotients(gates):
    """b(t)/b(i): with a gate of 0 there are no such quotients."""
    products = np.cumprod(gates, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.tril(np.ones((len(gates), len(gates))))[..., None] * (products[:, None] / products)


def one_gate_more(gates):
    """Π_{i ≤ j ≤ t} a_j, with the gate of the write itself."""
    return since(gates) * gates[None]


@pytest.mark.parametrize("wrong", [quotients, one_gate_more, lambda gates: since(0.9 * gates)])
def test_other_products_fail(wrong):
    assert failures("chunk-form", since=wrong) == ["chunk: largest difference"]


@pytest.mark.parametrize("wrong", [lambda n: 126 // n, lambda n: 170 // n, lambda n: 149 // n + 1])
def test_another_number_of_steps_fails(wrong):
    names = failures("chunk-form", last_nonzero=wrong)
    assert names == [f"gates 2^-{n}: quotients that are numbers" for n in (1, 2, 3, 5)]
