"""Fails with a wrong number of terms in the sum, or self-connections."""

import pytest

from checks import holds
from fastweights.memories import Hopfield
from fastweights.theory.hopfield.hopfield_stability import turned


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n, p: turned(n, p + 1),
        lambda n, p: turned(n + 4, p),
        lambda n, p: 0.0,
        lambda n, p: turned(n, p) + 1e-9,
    ],
)
def test_fails_with_a_wrong_probability(wrong):
    assert not holds("hopfield-stability", turned=wrong)


def test_fails_with_self_connections():
    """Hebb's rule without taking away the diagonal: a common mistake, which hides errors."""
    assert not holds(
        "hopfield-stability", write=lambda memory, x: Hopfield(memory.matrix + x[:, None] * x[None])
    )
