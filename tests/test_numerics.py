"""Shapes of computation: the same numbers as the plain expression."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from fastweights.numerics import checkpointed_scan, materialise, sum_units


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


def test_sum_units_is_a_sum_with_the_gradient_of_one(float64):
    """Up to 130 units, over which the blocks become 6: every small size, and those around a block's end."""
    sizes = [*range(1, 32), *range(48, 54), *range(74, 78), *range(99, 104), *range(124, 131)]
    rng = np.random.default_rng(0)
    x, weights = rng.standard_normal((130, 2)), rng.standard_normal((130, 2))
    weights[[size for size in range(130) if size + 1 not in sizes]] = 0

    @jax.jit
    @jax.value_and_grad
    def weighted(x, weights):
        return sum(weights[units - 1] @ sum_units(x[:units]) for units in sizes)

    arrays = jnp.asarray(x), jnp.asarray(weights)
    value, gradient = weighted(*arrays)
    np.testing.assert_allclose(value, np.sum(weights * np.cumsum(x, axis=0)), rtol=1e-12)
    # Row i is part of every sum of more than i rows.
    np.testing.assert_allclose(gradient, np.cumsum(weights[::-1], axis=0)[::-1], rtol=1e-11, atol=1e-12)


def test_sum_units_is_linear_forward_too(float64):
    x, direction = (jnp.asarray(np.random.default_rng(seed).standard_normal((60, 2))) for seed in (0, 1))
    value, slope = jax.jvp(sum_units, (x,), (direction,))
    np.testing.assert_allclose(value, np.sum(x, axis=0), rtol=1e-12)
    np.testing.assert_allclose(slope, np.sum(direction, axis=0), rtol=1e-12)


def test_materialise_gives_back_its_values():
    x = jnp.asarray(np.random.default_rng(5).standard_normal((5, 3)), jnp.float32)
    for step in (0, 4):
        np.testing.assert_array_equal(materialise(x, jnp.asarray(step)), x)
        np.testing.assert_array_equal(jax.jit(materialise)(x, jnp.asarray(step)), x)
    every = jax.jit(jax.vmap(materialise))(x, jnp.arange(5))
    np.testing.assert_array_equal(every, x)
    # Inside a scan, as the backward pass of fast weights uses it.
    _, kept = jax.lax.scan(lambda t, row: (t + 1, materialise(2 * row, t)), jnp.asarray(0), x)
    np.testing.assert_array_equal(kept, 2 * x)
