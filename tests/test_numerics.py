"""Shapes of computation: the same numbers as the plain expression."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from fastweights.numerics import checkpointed_scan


def step(state, x):
    state = jnp.tanh(0.9 * state + x)
    return state, state * x


def gradient_of(scan):
    return jax.jit(jax.grad(lambda state, xs: jnp.sum(scan(step, state, xs)[1] ** 2), (0, 1)))


@pytest.mark.parametrize("length", [1, 2, 9, 11, 24])
def test_checkpointed_scan_equals_scan(length, float64):
    """Lengths that are squares, that leave a rest, and that are hardly a sequence."""
    xs = jnp.asarray(np.random.default_rng(0).standard_normal((length, 3)))
    for a, b in zip(
        jax.tree.leaves(checkpointed_scan(step, xs[0], xs)),
        jax.tree.leaves(lax.scan(step, xs[0], xs)),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(gradient_of(checkpointed_scan)(xs[0], xs), gradient_of(lax.scan)(xs[0], xs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_checkpointed_scan_keeps_a_root_of_the_states():
    """A state of 10,000 numbers and steps of one: what is kept for the derivative is all of the memory."""

    def wide(state, x):
        state = jnp.sin(state) * x
        return state, state[0]

    def bytes_for(scan, length):
        gradient = jax.grad(lambda state, xs: jnp.sum(scan(wide, state, xs)[1]))
        shapes = jax.ShapeDtypeStruct((10_000,), jnp.float32), jax.ShapeDtypeStruct((length,), jnp.float32)
        return jax.jit(gradient).lower(*shapes).compile().memory_analysis().temp_size_in_bytes

    assert bytes_for(lax.scan, 900) > 800 * 40_000
    assert bytes_for(checkpointed_scan, 900) < 100 * 40_000
