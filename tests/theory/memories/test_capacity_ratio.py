"""Fails with another ratio, or linearly dependent keys."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.capacity_ratio import in_general_position


@pytest.mark.parametrize(
    "wrong", [lambda s, out: out / (s + out), lambda s, out: s / (s + out + 1), lambda s, out: 0.5]
)
def test_fails_with_another_ratio(wrong):
    assert not holds("capacity-ratio", ratio=wrong)


def test_fails_with_keys_that_are_dependent():
    def repeated(rng, sources):
        keys = in_general_position(rng, sources)
        return np.concatenate([keys[:, :1], keys[:, :-1]], axis=1)

    assert not holds("capacity-ratio", keys=repeated)
