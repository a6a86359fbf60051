"""Fails with eigenvalues of single steps, or columns that are scaled but not orthogonal."""

import numpy as np

from checks import holds
from fastweights.theory.dynamics.lyapunov import frame


def by_eigenvalues(jacobians):
    return np.sort(np.log(np.abs(np.linalg.eigvals(jacobians))), axis=1)[:, ::-1]


def without_orthogonalisation(jacobians):
    basis, logs = frame(jacobians.shape[-1]), []
    for jacobian in jacobians:
        basis = jacobian @ basis
        sizes = np.linalg.norm(basis, axis=0)
        basis = basis / sizes
        logs.append(np.log(sizes))
    return np.array(logs)


def test_fails_with_the_eigenvalues_of_single_steps():
    assert not holds("lyapunov-method", method=by_eigenvalues)


def test_fails_without_orthogonalisation():
    assert not holds("lyapunov-method", method=without_orthogonalisation)
