"""Fails with one dimension more in the matrix, or one less in the keys."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.rank_bound import random_keys, residual


@pytest.mark.parametrize("wrong", [lambda n, r: residual(n, r + 1), lambda n, r: residual(n, r - 1)])
def test_fails_with_a_rank_more_or_less(wrong):
    assert not holds("rank-bound", residual=wrong)


def test_fails_with_keys_that_lack_a_dimension():
    def flat(rng):
        keys = random_keys(rng)
        return np.concatenate([keys[..., :-1], 0 * keys[..., -1:]], axis=-1)

    assert not holds("rank-bound", keys=flat)
