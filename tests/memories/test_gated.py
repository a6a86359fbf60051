"""Gated memories against their equations, and as cases of each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fastweights as fw
from fastweights.errors import InvalidValueError

KEY, VALUE = 5, 3

pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture
def pairs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, KEY)), rng.standard_normal((4, VALUE))


def store(memory, pairs):
    return memory.store(*map(jnp.asarray, pairs)).matrix


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_every_unit_of_the_keys_fades_at_its_own_rate(pairs):
    decay, expected = np.linspace(0, 1, KEY), np.zeros((VALUE, KEY))
    for key, value in zip(*pairs, strict=True):
        for i in range(KEY):
            expected[:, i] = decay[i] * expected[:, i] + value * key[i]
    close(store(fw.GatedMatrix.empty(KEY, VALUE, jnp.asarray(decay)), pairs), expected)
    close(
        store(fw.GatedMatrix.empty(KEY, VALUE, 0.9), pairs),
        store(fw.DecayingMatrix.empty(KEY, VALUE, 0.9), pairs),
    )


def test_the_gated_delta_rule_corrects_what_is_left_after_the_decay(pairs):
    decay, rate, expected = np.linspace(0, 1, KEY), 0.3, np.zeros((VALUE, KEY))
    for key, value in zip(*pairs, strict=True):
        left = expected * decay
        expected = left + rate * np.outer(value - left @ key, key)
    close(store(fw.GatedDeltaRule.empty(KEY, VALUE, jnp.asarray(decay), rate), pairs), expected)
    ungated = fw.GatedDeltaRule.empty(KEY, VALUE, 1.0, rate)
    close(store(ungated, pairs), store(fw.DeltaRule.empty(KEY, VALUE, rate), pairs))


def test_the_generalised_delta_rule_takes_away_and_writes_at_different_rates(pairs):
    decay, rate, expected = np.linspace(0, 1, KEY), np.linspace(1, 0.2, KEY), np.zeros((VALUE, KEY))
    for key, value in zip(*pairs, strict=True):
        unit = key / np.linalg.norm(key)
        expected = expected * decay - np.outer(expected @ unit, rate * unit) + np.outer(value, key)
    memory = fw.GeneralisedDeltaRule.empty(KEY, VALUE, jnp.asarray(decay), jnp.asarray(rate))
    close(store(memory, pairs), expected)
    keys, values = pairs
    units = keys / np.linalg.norm(keys, axis=1, keepdims=True), values
    close(
        store(fw.GeneralisedDeltaRule.empty(KEY, VALUE, 1.0, 1.0), units),
        store(fw.DeltaRule.empty(KEY, VALUE, 1.0), units),
    )
    close(
        store(fw.GeneralisedDeltaRule.empty(KEY, VALUE, 0.9, 0.0), pairs),
        store(fw.GatedMatrix.empty(KEY, VALUE, 0.9), pairs),
    )


def test_a_key_of_zeros_takes_nothing_away():
    memory = fw.GeneralisedDeltaRule.empty(KEY, VALUE, 1.0).write(jnp.ones(KEY), jnp.ones(VALUE))
    gradient = jax.grad(lambda key: jnp.sum(memory.write(key, jnp.ones(VALUE)).matrix))(jnp.zeros(KEY))
    close(memory.write(jnp.zeros(KEY), jnp.ones(VALUE)).matrix, memory.matrix)
    assert np.all(np.isfinite(gradient))


def test_an_answer_of_linear_attention_is_a_mean_of_the_values(pairs):
    keys, values = pairs
    memory = fw.LinearAttentionMemory.empty(KEY, VALUE)
    query = np.random.default_rng(1).standard_normal(KEY)
    assert np.array_equal(memory.read(jnp.asarray(query)), np.zeros(VALUE))

    def features(x):
        return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))

    weights = features(keys) @ features(query)
    expected = (weights / weights.sum()) @ values
    close(memory.store(jnp.asarray(keys), jnp.asarray(values)).read(jnp.asarray(query)), expected)


def test_elu_plus_one_does_not_cancel():
    with jax.enable_x64(False):
        read = fw.memories.linear_attention.elu_plus_one(jnp.full(1, -20.0))[0]
    assert abs(read / np.exp(-20.0) - 1) < 1e-6  # 1 + expm1(−20) is 0 in single precision


@pytest.mark.parametrize("memory", [fw.GatedMatrix, fw.GatedDeltaRule, fw.GeneralisedDeltaRule])
def test_gates_outside_their_range_or_shape_are_refused(memory):
    with pytest.raises(InvalidValueError, match=r"decay must be between 0 and 1; got 1\.5"):
        memory.empty(KEY, VALUE, jnp.array([0.5, 1.5, 0, 0, 0]))
    with pytest.raises(InvalidValueError, match=r"decay must be one number or 5; got shape \(4,\)"):
        memory.empty(KEY, VALUE, jnp.ones(4))
