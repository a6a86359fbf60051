"""Fails with another number of patterns, or self-connections."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.hopfield.hopfield_exact_recall import fields, most


@pytest.mark.parametrize(
    "wrong",
    [
        lambda units: 2 * most(units),
        lambda units: most(units) / 4,
        # Where a few percent of errors are allowed.
        pytest.param(lambda units: 0.138 * units, marks=pytest.mark.thorough),
        pytest.param(lambda units: units / (1.7 * np.log(units)), marks=pytest.mark.thorough),
    ],
)
def test_fails_with_another_number(wrong):
    assert not holds("hopfield-exact-recall", most=wrong)


def test_fails_with_self_connections():
    assert not holds("hopfield-exact-recall", fields=lambda x: fields(x) + len(x) * x)
