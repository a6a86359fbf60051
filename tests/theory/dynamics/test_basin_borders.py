"""Fails with an asymmetric flip-flop, another diagonal, or the unstable manifold."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.dynamics.basin_borders import certain


def test_fails_where_the_units_differ():
    assert not holds("basin-borders", weights=((0.0, 2.0), (1.5, 0.3)))


def test_fails_with_another_distance_of_certain_attraction():
    assert not holds("basin-borders", certain=lambda *given: 10 * certain(*given))


@pytest.mark.thorough
def test_fails_on_the_other_diagonal():
    assert not holds("basin-borders", border=lambda points: points[:, 0] - points[:, 1])


@pytest.mark.thorough
def test_fails_with_the_unstable_manifold():
    assert not holds("basin-borders", stable=np.argmax)
