"""The holographic memory: what is bound is bounded, what was stored comes back, copies lower the noise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastweights.cells import holographic
from fastweights.cells.holographic import HolographicMemory, bound, permutations

HALF, BATCH = 5, 2
DOUBLE = jnp.dtype("float64")


def stacked(z):
    """Complex numbers (..., half) as a vector (..., 2 half), real parts first."""
    return jnp.concatenate([jnp.real(z), jnp.imag(z)], axis=-1)


def joined(vector):
    """The inverse of `stacked`."""
    real, imaginary = np.split(np.asarray(vector), 2, axis=-1)
    return real + 1j * imaginary


def on_the_circle(rng, *shape):
    return np.exp(2j * np.pi * rng.random(shape))


parts = st.floats(-1e100, 1e100, allow_subnormal=False)  # XLA takes subnormal numbers for 0


@given(parts, parts)
@settings(max_examples=300, deadline=None)
def test_bound_keeps_the_unit_disc_and_the_direction(real, imaginary):
    with jax.enable_x64(True):
        z = complex(real, imaginary)
        result = joined(bound(jnp.array([z.real, z.imag])))[0]
    assert abs(result) <= 1 + 1e-15
    if abs(z) < 1 - 1e-15:
        assert result == z
    elif abs(z) > 1 + 1e-15:
        assert result == pytest.approx(z / abs(z), rel=1e-14)


def jacobian(z):
    return np.asarray(jax.jacrev(bound)(jnp.array([z.real, z.imag])))


@pytest.mark.parametrize("z", [0j, 1e-300j, 1e-30 + 0j, 0.6 + 0.7j, 1 - 1e-12 + 0j])
def test_inside_the_disc_the_slope_of_bound_is_1(z, float64):
    """At 0, too, where the modulus has none."""
    np.testing.assert_array_equal(jacobian(z), np.eye(2))


@pytest.mark.parametrize("modulus", [1 + 1e-12, 1.5, 1e6, 1e100])
@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 2, -2.0])
def test_outside_the_disc_bound_moves_along_the_circle_alone(modulus, angle, float64):
    along = np.array([-np.sin(angle), np.cos(angle)])
    result = jacobian(modulus * np.exp(1j * angle))
    np.testing.assert_allclose(result, np.outer(along, along) / modulus, rtol=1e-9, atol=1e-14 / modulus)


@pytest.mark.parametrize("angle", [0.0, 0.3, 2.5])
def test_on_the_circle_the_slope_of_bound_is_finite_and_at_most_1(angle, float64):
    result = jacobian(np.exp(1j * angle))
    assert np.isfinite(result).all()
    assert np.linalg.norm(result, 2) <= 1 + 1e-12


@pytest.mark.parametrize("copies", [1, 4])
def test_the_conjugate_of_a_key_on_the_circle_recovers_its_value(copies, float64):
    rng = np.random.default_rng(0)
    key, value = on_the_circle(rng, BATCH, HALF), rng.standard_normal((BATCH, HALF)) + 0.5j
    memory = HolographicMemory.empty(HALF, copies, DOUBLE).write(stacked(key), stacked(value))
    np.testing.assert_allclose(joined(memory.read(stacked(key.conj()))), value, rtol=1e-14)


def test_keys_on_different_units_do_not_interfere(float64):
    """Each is 0 where the other is not: then one copy answers exactly. With a third key it does not."""
    rng = np.random.default_rng(1)
    memory = HolographicMemory.empty(HALF, 1, DOUBLE)
    # Of the key; its values are where the permutation puts it.
    owned = np.arange(HALF) < 2
    places = owned[permutations(HALF, 1)[0]]
    keys = [np.where(mine, on_the_circle(rng, BATCH, HALF), 0) for mine in (owned, ~owned)]
    values = [on_the_circle(rng, BATCH, HALF) for _ in keys]
    for key, value in zip(keys, values, strict=True):
        memory = memory.write(stacked(key), stacked(value))
    for key, value, where in zip(keys, values, (places, ~places), strict=True):
        answer = joined(memory.read(stacked(key.conj())))
        np.testing.assert_allclose(answer, np.where(where, value, 0), rtol=1e-14, atol=1e-15)
    third = memory.write(stacked(on_the_circle(rng, BATCH, HALF)), stacked(values[0]))
    perturbed = joined(third.read(stacked(keys[0].conj())))
    assert abs(perturbed - np.where(places, values[0], 0)).max() > 0.5


def noise(copies, stored=20, half=1000):
    """The root mean square error of what is recalled, over one key of many."""
    rng = np.random.default_rng(2)
    keys, values = on_the_circle(rng, stored, BATCH, half), on_the_circle(rng, stored, BATCH, half)
    memory = HolographicMemory.empty(half, copies, DOUBLE)
    for key, value in zip(keys, values, strict=True):
        memory = memory.write(stacked(key), stacked(value))
    answer = joined(memory.read(stacked(keys[0].conj())))
    return np.sqrt(np.mean(abs(answer - values[0]) ** 2))


@pytest.mark.thorough
def test_noise_falls_as_the_root_of_the_number_of_copies(float64):
    """√((M − 1) / C) for M pairs of modulus 1."""
    for copies in (1, 2, 4, 16):
        assert noise(copies) == pytest.approx(np.sqrt(19 / copies), rel=0.06)


def test_copies_that_are_permuted_alike_would_be_worth_nothing(float64, monkeypatch):
    """So the measurement above can fail."""
    alike = np.tile(np.arange(1000), (16, 1))
    monkeypatch.setattr(holographic, "permutations", lambda units, copies: alike)
    assert noise(16) == pytest.approx(np.sqrt(19), rel=0.06)


def test_permutations_are_those_that_saved_models_have():
    """A model is its weights and these numbers: they must never change."""
    assert permutations(10, 4).tolist() == [
        [0, 2, 9, 1, 8, 5, 4, 3, 6, 7],
        [3, 5, 2, 9, 7, 0, 8, 6, 1, 4],
        [1, 4, 0, 6, 3, 5, 2, 7, 8, 9],
        [6, 1, 8, 5, 2, 7, 9, 4, 3, 0],
    ]


def test_every_copy_has_a_permutation_of_its_own():
    table = permutations(50, 64)
    assert (np.sort(table, axis=1) == np.arange(50)).all()
    assert len({tuple(row) for row in table}) == 64
    # More copies leave the first ones as they are.
    np.testing.assert_array_equal(permutations(50, 4), table[:4])


def test_what_was_stored_fades_by_units(float64):
    rng = np.random.default_rng(3)
    key, value = on_the_circle(rng, BATCH, HALF), on_the_circle(rng, BATCH, HALF)
    factor = rng.random((BATCH, HALF))
    memory = HolographicMemory.empty(HALF, 4, DOUBLE).write(stacked(key), stacked(value))
    answer = memory.fade(jnp.asarray(factor)).read(stacked(key.conj()))
    np.testing.assert_allclose(joined(answer), factor * value, rtol=1e-14)
