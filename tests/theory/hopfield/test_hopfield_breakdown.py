"""Fails with another end of retrieval, or half of the connections."""

import numpy as np
import pytest

from fastweights import registry
from fastweights.theory.hopfield.hopfield_breakdown import hebbian
from fastweights.theory.hopfield.mean_field import load_at
from fastweights.theory.runner import examine

pytestmark = pytest.mark.usefixtures("optimised")

SMALL = {300: 30, 600: 15}
"""Too few for a narrow interval, and enough for where the curves cross."""


def crossing_holds(**wrong):
    result = examine("hopfield-breakdown", registry.checks["hopfield-breakdown"](networks=SMALL, **wrong))
    assert result.error is None
    (crossing,) = (quantity for quantity in result.quantities if "curves cross" in quantity.name)
    return crossing.holds


def diluted(patterns):
    weights = hebbian(patterns)
    places = np.arange(len(weights))
    return weights * ((places[:, None] + places) % 2)


@pytest.mark.thorough
def test_fails_with_another_end():
    assert crossing_holds()
    assert not crossing_holds(load=lambda y: 1.15 * load_at(y))


def test_fails_with_half_of_the_connections():
    assert not crossing_holds(weights=diluted)
