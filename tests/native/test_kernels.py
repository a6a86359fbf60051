"""The native kernels: equal to their forms in JAX, with derivatives, safe with whatever they are given.

What a kernel must be is asked of the cells that have one; the built-in ones all do.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import (
    BUILT_IN,
    CASES,
    EVERY_CELL,
    FAST_WEIGHTS,
    LAST_OF_EACH,
    LONG,
    SIZES,
    Sizes,
    as_type,
    each,
    inputs_for,
    quickly,
)
from fastweights.cells.base import gather
from fastweights.native import calls

# More units than a panel of a product has rows, and more sequences than a block has lanes; then one of each.
WIDE = Sizes(input=3, hidden=19, time=7, batch=21)
USUAL = [*LAST_OF_EACH, FAST_WEIGHTS[0]]
(WITHOUT,) = (case for case in FAST_WEIGHTS if dict(case.options)["write_time"] == "preliminary")
SMALLEST = Sizes(input=2, hidden=1, time=1, batch=1)


@pytest.fixture(autouse=True)
def _kernels_run_here():
    assert calls.runs(SIZES.time, jnp.dtype("float32")), "no C++ compiler? the kernels cannot be tested"


def outputs_and_gradient(unroll, cell, projections, weights):
    """Every output, and the gradient of a number that depends on all of them, for cell and projections."""

    def number(cell, projections):
        outputs = unroll(cell, projections)
        return jnp.sum(weights * outputs), outputs

    (_, outputs), gradient = jax.value_and_grad(number, (0, 1), has_aux=True)(cell, projections)
    return outputs, gradient


in_jax = quickly(lambda cell, *arguments: outputs_and_gradient(type(cell).unroll_in_jax, cell, *arguments))
by_kernel = quickly(
    lambda cell, *arguments: outputs_and_gradient(type(cell).unroll_projected, cell, *arguments)
)


def assert_equal(actual, expected, tolerance):
    for (path, a), b in zip(
        jax.tree_util.tree_leaves_with_path(actual), jax.tree.leaves(expected), strict=True
    ):
        size = 1e-3 + np.max(np.abs(b), initial=0)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * size, err_msg=jax.tree_util.keystr(path))


def projections_and_weights(cell, sizes):
    projections = cell.project(inputs_for(sizes).swapaxes(0, 1)).swapaxes(0, 1)
    weights = np.random.default_rng(2).standard_normal((sizes.time, cell.hidden_size, sizes.batch))
    return projections, jnp.asarray(weights, projections.dtype)


@pytest.mark.parametrize(
    ("case", "sizes"),
    # At the long size the form in JAX is the matrix. The contracts have every option at small sizes.
    [(case, WIDE) for case in USUAL]
    + [
        pytest.param(case, WIDE, marks=pytest.mark.thorough)
        for case in CASES
        if case not in [*USUAL, WITHOUT]
    ]
    + [pytest.param(case, SMALLEST, marks=pytest.mark.thorough) for case in LAST_OF_EACH]
    + [(FAST_WEIGHTS[0], LONG)],
    ids=str,
)
def test_kernel_equals_the_form_in_jax_with_every_derivative(case, sizes, float64):
    cell = case.build(sizes)
    if case.name not in BUILT_IN and cell.kernel(sizes.time, sizes.time, jnp.dtype(float)) is None:
        pytest.skip("a cell without a kernel")
    arguments = cell, *projections_and_weights(cell, sizes)
    assert "ffi_call" in str(jax.make_jaxpr(cell.unroll_projected)(arguments[1]))
    assert "ffi_call" not in str(jax.make_jaxpr(cell.unroll_in_jax)(arguments[1]))
    assert_equal(by_kernel(*arguments), in_jax(*arguments), 1e-11)


@each(LAST_OF_EACH)
def test_single_precision_too(case):
    with jax.enable_x64(True):
        cell = case.build(WIDE)
        arguments = cell, *projections_and_weights(cell, WIDE)
        double = by_kernel(*arguments)
    single = by_kernel(*(as_type(x, jnp.float32) for x in arguments))
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(single))
    assert_equal(single, double, 1e-4)


@each(EVERY_CELL)
def test_last_output_reads_the_table(case, float64):
    """A symbol that occurs several times collects the gradients of all its places."""
    cell = case.build(WIDE)
    rng = np.random.default_rng(4)
    tokens = jnp.asarray(rng.integers(0, 5, (WIDE.time, WIDE.batch)))
    table = cell.project(jnp.asarray(rng.standard_normal((WIDE.input, 5))))
    weights = jnp.asarray(rng.standard_normal((cell.hidden_size, WIDE.batch)))

    def native(cell, table):
        return jnp.sum(weights * cell.last_output(table, tokens))

    def pure(cell, table):
        return jnp.sum(weights * cell.unroll_in_jax(gather(table, tokens))[-1])

    actual, expected = (quickly(jax.grad(number, (0, 1)))(cell, table) for number in (native, pure))
    assert_equal(actual, expected, 1e-11)


@each(EVERY_CELL)
def test_tokens_beyond_the_table_are_the_nearest_symbol_in_both_forms(case):
    """Negative ones too, and in integers of every width."""
    cell = case.build(SIZES)
    table = jnp.asarray(np.random.default_rng(0).standard_normal((SIZES.input, 300)), jnp.float32)
    table = cell.project(table)
    outside = np.array([[-(2**31), 2**31 - 1], [300, -1], [7, -128]])
    for tokens, inside in (
        (outside, [[0, 299], [299, 0], [7, 0]]),
        (np.array([[200, 255]], np.uint8), [[200, 255]]),
        (np.array([[-3, 127]], np.int8), [[0, 127]]),
        (np.array([[2**32 - 1, 3]], np.uint32), [[299, 3]]),
    ):
        tokens, inside = jnp.asarray(tokens), jnp.asarray(inside)
        np.testing.assert_array_equal(gather(table, tokens), gather(table, inside))
        actual, expected = cell.last_output(table, tokens), cell.last_output(table, inside)
        np.testing.assert_array_equal(actual, expected)
    gradient = quickly(jax.grad(lambda table, tokens: jnp.sum(cell.last_output(table, tokens))))
    tame = jnp.clip(jnp.asarray(outside), 0, 299)
    np.testing.assert_array_equal(gradient(table, jnp.asarray(outside)), gradient(table, tame))


@each(EVERY_CELL)
def test_what_is_not_a_number_comes_out(case):
    """Otherwise a diverged run would look well: relu(NaN) must not be 0."""
    cell = case.build(SIZES)
    projections, _ = projections_and_weights(cell, SIZES)
    projections = projections.at[2, 0, 1].set(jnp.nan)
    outputs = cell.unroll_projected(projections)
    assert jnp.isfinite(outputs[:2]).all()
    assert jnp.isfinite(outputs[..., 0]).all()
    assert not jnp.isfinite(outputs[-1, :, 1]).all()
    if case.name in BUILT_IN:  # where every unit reads every other
        assert not jnp.isfinite(outputs[-1, :, 1]).any()
    np.testing.assert_array_equal(jnp.isfinite(outputs), jnp.isfinite(cell.unroll_in_jax(projections)))


def test_a_sequence_too_long_for_a_tape_goes_without_a_kernel():
    cell = EVERY_CELL[0].build(SIZES)
    assert cell.kernel(calls._MAX_LENGTH + 1, 1, jnp.dtype("float32")) is None


def test_a_memory_of_preliminary_states_goes_without_a_kernel():
    assert WITHOUT.build(SIZES).kernel(SIZES.time, 1, jnp.dtype("float32")) is None
