"""Fails if no gradient passes a step, or with eigenvalues in place of norms."""

import numpy as np
from jax import lax

from checks import holds

SMALL = {"cells": ("standard-rnn",), "updates": 5}


def by_eigenvalues(factors):
    """The product of spectral radii."""
    radii = abs(np.linalg.eigvals(factors)).max(axis=-1)
    return np.cumprod(radii[:0:-1], axis=0)[::-1]


def test_fails_if_no_gradient_passes_a_step():
    assert not holds("gradient-norms", through=lax.stop_gradient, **SMALL)


def test_fails_with_eigenvalues_for_norms():
    assert not holds("gradient-norms", bound=by_eigenvalues, **SMALL)
