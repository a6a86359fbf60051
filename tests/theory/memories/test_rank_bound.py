"""Fails with one dimension more in the matrix, or one less in the keys."""

import numpy as np
import pytest

from checks import holds
from fastweights.theory.memories.rank_bound import random_keys, residual
from fastweights.theory.runner import examine


@pytest.mark.parametrize("wrong", [lambda n, r: residual(n, r + 1), lambda n, r: residual(n, r - 1)])
def test_fails_with_a_rank_more_or_less(wrong):
    assert not holds("rank-bound", residual=wrong)


def test_fails_with_keys_that_lack_a_dimension():
    def flat(rng):
        keys = random_keys(rng)
        return np.concatenate([keys[..., :-1], 0 * keys[..., -1:]], axis=-1)

    assert not holds("rank-bound", keys=flat)


@pytest.mark.thorough
def test_the_bound_is_held_against_every_memory_that_is_one_matrix():
    result = examine("rank-bound")
    assert result.holds
    for name in ("delta-rule", "gated", "gated-delta-rule", "generalised-delta-rule", "pseudo-inverse"):
        assert any(f"of {name} / least" in quantity.name for quantity in result.quantities)
