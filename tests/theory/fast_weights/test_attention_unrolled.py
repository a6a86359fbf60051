"""Fails if the matrix decays twice."""

import equinox as eqx

from checks import holds
from fastweights.theory.fast_weights.attention_unrolled import CASES


def test_fails_if_the_matrix_decays_twice():
    def weaker(state):
        return eqx.tree_at(lambda state: state.memory, state, replace_fn=lambda a: 0.8 * a)

    one = {"S = 1": CASES["S = 1"]}
    assert holds("attention-unrolled", cases=one)
    assert not holds("attention-unrolled", cases=one, between=weaker)
