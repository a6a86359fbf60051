"""Fails with another ratio or limit."""

import pytest

from checks import failures
from fastweights.theory.long_term_memory.noisy_integrator import limit, ratio


def test_holds():
    assert failures("noisy-integrator") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"ratio": lambda w, t, s: 1.1 * ratio(w, t, s)},
        {"ratio": lambda w, t, s: 0.9 * ratio(w, t, s)},
        {"ratio": lambda w, t, s: w ** (2 * t) / (t * s**2)},
        {"ratio": lambda w, t, s: ratio(w, t, s) * s},
        {"limit": lambda w, s: 1.1 * limit(w, s)},
        {"limit": lambda w, s: (w - 1) / s**2},
    ],
)
def test_fails_with_another_ingredient(wrong):
    assert len(failures("noisy-integrator", **wrong)) == 1
