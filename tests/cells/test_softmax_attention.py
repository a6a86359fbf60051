"""Softmax attention: it reads what the softmax memory reads, and its fast form is its steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import SIZES, Case, inputs_for, quickly, relative_error, unroll
from cells.distributions import assert_uniform
from fastweights.cells.base import Cell
from fastweights.cells.batches import Batch
from fastweights.cells.softmax_attention import SoftmaxAttention, SoftmaxAttentionOptions
from fastweights.errors import InvalidValueError
from fastweights.memories import SoftmaxHopfield
from fastweights.models import count_state
from references.slow_weights import convolved


def build(window=4, heads=2, hidden=6, convolution=0):
    options = (("heads", heads), ("window", window), ("convolution", convolution))
    return Case("softmax-attention", options).build(SIZES._replace(hidden=hidden // heads))


def test_it_reads_what_the_softmax_memory_reads(float64):
    """Of the latest pairs of each head."""
    cell, x = build(), inputs_for(SIZES)[0]
    outputs = unroll(cell, x)
    keys, values, queries = jnp.split(jax.vmap(cell.project)(x), 3, axis=1)
    for t in (3, 6):
        heads, beta = [], jnp.asarray(3**-0.5)
        for units in (slice(0, 3), slice(3, 6)):
            memory = SoftmaxHopfield(keys[t - 3 : t + 1, units], values[t - 3 : t + 1, units], beta)
            heads.append(memory.read(queries[t, units]))
        np.testing.assert_allclose(outputs[t], cell.output @ jnp.concatenate(heads), rtol=1e-12)


@pytest.mark.parametrize("convolution", [3, pytest.param(0, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("window", [3, pytest.param(70, marks=pytest.mark.thorough)])
def test_a_long_sequence_in_chunks_is_its_steps(window, convolution, float64):
    """Three chunks, the last one incomplete, or none of it there; states, resets; every derivative."""
    cell, batch, length = build(window, convolution=convolution), 2, 150
    rng = np.random.default_rng(0)
    projections = jnp.asarray(rng.standard_normal((batch, length, 18)))
    state = jax.tree.map(
        lambda x: jnp.asarray(0.5 * rng.standard_normal((batch, *x.shape))), cell.initial_state()
    )
    state = state._replace(filled=jnp.asarray([2.0, 3.0]))
    lengths, resets = jnp.asarray([140, 90], jnp.int32), jnp.asarray(rng.random((batch, length)) < 0.02)
    weights = jnp.asarray(rng.standard_normal((batch, length, 6)))

    def number(unroll, cell, projections, state):
        outputs, last = unroll(cell, Batch(projections, state, lengths, resets))
        total = sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(last))
        return total + jnp.sum(weights * outputs), (outputs, last)

    def by(unroll):
        gradient = jax.value_and_grad(lambda *given: number(unroll, *given), (0, 1, 2), has_aux=True)
        return quickly(gradient)(cell, projections, state)

    actual, expected = by(SoftmaxAttention.unroll_together), by(Cell.unroll_together)
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


def test_what_is_not_a_number_comes_out_where_it_is_read_alone(float64):
    """One number of one value: it is seen from its step on until it leaves the window."""
    cell, x = build(), inputs_for(SIZES)[0]
    projections = jax.vmap(cell.project)(x).at[1, 7].set(jnp.nan)
    outputs, _ = quickly(lambda cell, projections: cell.unroll_projected(projections))(cell, projections)
    np.testing.assert_array_equal(np.isnan(outputs).all(axis=1), [False, *[True] * 4, False, False])
    np.testing.assert_array_equal(np.isnan(outputs).any(axis=1), [False, *[True] * 4, False, False])


def test_a_window_beyond_the_sequence_changes_nothing(float64):
    x = inputs_for(SIZES)
    wide, exact = (unroll(build(window), x) for window in (40, SIZES.time))
    assert relative_error(wide, exact) < 1e-13
    assert relative_error(unroll(build(SIZES.time - 1), x), exact) > 1e-3


def test_the_state_is_the_window():
    assert count_state(build(window=4, hidden=6)) == 2 * 4 * 6 + 1
    assert count_state(build(window=4, hidden=6, convolution=3)) == 2 * 4 * 6 + 1 + 2 * 18


def test_it_starts_uniform():
    options = SoftmaxAttentionOptions(heads=4, convolution=5)
    cell = SoftmaxAttention(60, 100, options=options, key=jax.random.key(0))
    assert_uniform(cell.convolution, 5**-0.5)
    assert_uniform(cell.input, 60**-0.5)
    assert_uniform(cell.output, 100**-0.5)


def test_heads_that_share_out_no_units_are_refused():
    with pytest.raises(InvalidValueError, match="multiple of the number of heads, 4; got 6"):
        SoftmaxAttention(3, 6, options=SoftmaxAttentionOptions(heads=4), key=jax.random.key(0))


@pytest.mark.parametrize(("heads", "window", "convolution"), [(1, 3, 0), (1, 3, 2), (2, 100, 0)])
def test_attention_is_what_the_outputs_are_made_of(heads, window, convolution, float64):
    cell, x = build(window, heads, convolution=convolution), inputs_for(SIZES)[0]
    projections, length = jax.vmap(cell.project)(x), len(x)
    weights = np.asarray(cell.attention(projections))
    ages = np.arange(length)[:, None] - np.arange(length)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    assert ((weights > 0) == ((ages >= 0) & (ages < window))).all()
    if heads == 1:  # of several, the picture has the mean
        values = np.asarray(jnp.split(projections, 3, axis=-1)[1])
        if convolution:
            values = convolved(values, np.asarray(cell.convolution)[6:12])
        outputs = weights @ values @ np.asarray(cell.output).T
        np.testing.assert_allclose(outputs, unroll(cell, x), rtol=1e-10)
