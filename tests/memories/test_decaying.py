"""The decaying memory is one memory: as a matrix, as attention, and as the sum that the paper writes down."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastweights.memories import DecayingMatrix, DecayingStates
from fastweights.memories.decaying import powers

KEY, VALUE, BATCH = 3, 5, 2
MOST = 5


def pairs(count, seed):
    """`count` random keys and values, and a query."""
    rng = np.random.default_rng(seed)
    keys, values = rng.standard_normal((count, BATCH, KEY)), rng.standard_normal((count, BATCH, VALUE))
    return keys, values, rng.standard_normal((BATCH, KEY))


@partial(jax.jit, static_argnums=0)
def recall(form, decay, write_rate, keys, values, query):
    """What a memory answers after all the pairs were written, and the memory."""
    memory = form.empty(KEY, VALUE, decay, write_rate)
    for key, value in zip(keys, values, strict=True):
        memory = memory.write(key, value)
    return memory.read(query), memory


def equation_3(decay, write_rate, keys, values, query):
    """η Σ_τ λ^(n−τ) v(τ) [k(τ)ᵀ q], with 0⁰ = 1."""
    ages = np.arange(len(keys))[::-1]
    return write_rate * np.einsum("n,nbv,nbk,bk->bv", decay**ages, values, keys, query)


numbers = {
    "decay": st.floats(0, 1),
    "write_rate": st.floats(0, 2),
    "count": st.integers(0, MOST),
    "seed": st.integers(0, 2**32 - 1),
}


@given(**numbers)
@settings(max_examples=60, deadline=None)
def test_matrix_and_states_equal_the_explicit_sum(decay, write_rate, count, seed):
    with jax.enable_x64(True):
        stored = pairs(count, seed)
        expected = equation_3(decay, write_rate, *stored)
        for form in DecayingMatrix, DecayingStates:
            actual, _ = recall(form, decay, write_rate, *stored)
            np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def test_the_matrix_is_equation_1(float64):
    keys, values, query = pairs(MOST, 0)
    _, memory = recall(DecayingMatrix, 0.7, 0.3, keys, values, query)
    for b in range(BATCH):
        matrix = np.zeros((VALUE, KEY))
        for key, value in zip(keys[:, b], values[:, b], strict=True):
            matrix = 0.7 * matrix + 0.3 * np.outer(value, key)
        np.testing.assert_allclose(memory.matrix[b], matrix, rtol=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.6, 1.0])
def test_both_forms_have_the_same_gradients(decay, float64):
    """Of every argument, also at the ends of λ's range, where 0⁰ and its slope hide."""

    def answer(form, *arguments):
        return jnp.sum(jnp.sin(recall(form, *arguments)[0]))

    arguments = (jnp.asarray(decay), jnp.asarray(0.4), *map(jnp.asarray, pairs(4, 1)))
    matrix, states = (
        jax.grad(answer, argnums=range(1, 6))(form, *arguments) for form in (DecayingMatrix, DecayingStates)
    )
    for a, b in zip(matrix, states, strict=True):
        assert float(jnp.max(jnp.abs(a))) > 0
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_both_forms_decay_at_the_rate_of_each_memory(float64):
    """λ and η with a leading axis, as `jax.vmap` makes them."""
    keys, values, query = pairs(MOST, 2)
    decays, rates = jnp.array([0.5, 0.9]), jnp.array([1.5, 0.3])
    for form in DecayingMatrix, DecayingStates:
        memory = jax.vmap(lambda decay, rate, form=form: form.empty(KEY, VALUE, decay, rate))(decays, rates)
        answers = memory.store(jnp.asarray(keys), jnp.asarray(values)).read(jnp.asarray(query))
        for b in range(BATCH):
            chosen = slice(b, b + 1)
            expected = equation_3(decays[b], rates[b], keys[:, chosen], values[:, chosen], query[chosen])
            np.testing.assert_allclose(answers[b], expected[0], rtol=1e-12)


def test_powers_are_zero_for_what_is_not_stored_yet():
    ages = jnp.array([-2, -1, 0, 1, 2])
    np.testing.assert_allclose(powers(jnp.asarray(0.5), ages), [0, 0, 1, 0.5, 0.25])
    np.testing.assert_allclose(powers(jnp.asarray(0.0), ages), [0, 0, 1, 0, 0])
