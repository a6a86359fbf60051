"""Fails with a Jacobian without the slope of φ, or a saddle mistaken for a node."""

import numpy as np

from checks import holds
from fastweights.theory.dynamics.equilibrium_kinds import kind


def test_fails_with_a_jacobian_that_forgets_the_slope():
    def jacobian(model, point):
        return np.asarray((model.weights - np.diag(1 / model.resistances)) / model.capacitances[:, None])

    assert not holds("equilibrium-kinds", jacobian=jacobian)


def test_fails_where_one_growing_direction_is_overlooked():
    def by_the_sum(eigenvalues):
        name = kind(eigenvalues)
        return name if name != "saddle" else "unstable node" if eigenvalues.real.sum() > 0 else "stable node"

    assert not holds("equilibrium-kinds", kind=by_the_sum)
