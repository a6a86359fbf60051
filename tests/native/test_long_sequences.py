"""Fast weights in chunks of steps that attend to one another, with a matrix of what is older: any length."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_kernels import Problem, assert_equal, program

from cases import FAST_WEIGHTS, Sizes, as_type, quickly
from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions
from fastweights.cells.options.fast_weights import longest_attention

# Several segments of chunks, the last chunk a short one; more sequences than a block has lanes.
LONG = Sizes(input=2, hidden=3, time=71, batch=11)
ATTENDING = [case for case in FAST_WEIGHTS if dict(case.options)["write_time"] != "preliminary"]
FEW = [0, 3]  # with the newest state, and without


def at_once(problem, unroll, arguments=None):
    return jax.device_get(problem.results_and_gradient(unroll, arguments))


@pytest.mark.parametrize(
    "case",
    [
        case if n in FEW else pytest.param(case, marks=pytest.mark.thorough)
        for n, case in enumerate(ATTENDING)
    ],
    ids=str,
)
def test_chunks_equal_the_form_in_jax_with_every_derivative(case, float64):
    """From a state, with lengths and resets: outputs, the last state, the gradients of all that is real."""
    problem = Problem(case, LONG)
    assert "@fastweights_AttendChunks" in program(problem.unroll, *problem.arguments)
    assert_equal(at_once(problem, problem.unroll), at_once(problem, problem.unroll_in_jax), 1e-11)


def test_single_precision_too():
    with jax.enable_x64(True):
        problem = Problem(FAST_WEIGHTS[0], LONG)
        double = at_once(problem, problem.unroll)
    single = at_once(problem, problem.unroll, as_type(problem.arguments, jnp.float32))
    assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves(single))
    assert_equal(single, double, 1e-4)


@pytest.mark.parametrize("extra", [0, 1])
def test_both_forms_meet_at_the_limit(extra, float64):
    """The longest that is one chunk, and one step more."""
    problem = Problem(FAST_WEIGHTS[0], LONG._replace(time=longest_attention(LONG.hidden) + extra))
    assert ("@fastweights_AttendChunks" in program(problem.unroll, *problem.arguments)) == bool(extra)
    assert_equal(at_once(problem, problem.unroll), at_once(problem, problem.unroll_in_jax), 1e-11)


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_nothing_is_kept_or_all_of_it(decay, float64):
    problem = Problem(FAST_WEIGHTS[0], LONG)
    cell, *others = problem.arguments
    cell = eqx.tree_at(lambda cell: cell.decay, cell, jnp.asarray(decay))
    kernel, in_jax = (
        at_once(problem, unroll, (cell, *others)) for unroll in (problem.unroll, problem.unroll_in_jax)
    )
    assert_equal(kernel, in_jax, 1e-11)


@pytest.mark.parametrize("decay", [0.0, 0.9, 1.0])
def test_ten_thousand_steps_are_finite_and_equal_two_halves(decay):
    cell = FastWeights(2, 5, options=FastWeightsOptions(decay=decay), key=jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (3, 10_000, 2))

    @quickly
    def whole(cell, inputs):
        return jax.value_and_grad(lambda inputs: jnp.sum(cell.unroll(inputs)[0]))(inputs)

    @quickly
    def halves(cell, inputs):
        first, state = cell.unroll(inputs[:, :5_000])
        return jnp.sum(first) + jnp.sum(cell.unroll(inputs[:, 5_000:], state)[0])

    value, gradient = whole(cell, inputs)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max(axis=(0, 2))[[0, 5_000, 9_999]].min() > 1e-4
    np.testing.assert_allclose(value, halves(cell, inputs), rtol=1e-5)


def last_sum(cell, table, tokens):
    return jnp.sum(jnp.sin(cell.last_output(table, tokens)))


@pytest.mark.thorough
def test_few_sequences_take_the_form_in_jax_unless_they_are_mapped(float64):
    """One goes faster there; of mapped ones a block is filled. All derivatives are the same."""
    cell = FAST_WEIGHTS[0].build(LONG)
    rng = np.random.default_rng(6)
    table, direction = (jnp.asarray(rng.standard_normal((5, 3))) for _ in range(2))
    tokens = jnp.asarray(rng.integers(0, 5, (4, LONG.time)))
    each_one = lambda *given: jnp.sum(jax.vmap(last_sum, (None, None, 0))(*given))  # noqa: E731
    assert "@fastweights_" not in program(last_sum, cell, table, tokens[:2])
    assert "@fastweights_" not in program(jax.grad(last_sum, 1), cell, table, tokens[:2])
    for function in (last_sum, each_one):
        assert "@fastweights_" in program(function, cell, table, tokens)

    def derivatives(function, tokens):
        gradient = jax.grad(function, 1)
        change = jax.jvp(lambda table: gradient(cell, table, tokens), (table,), (direction,))
        return function(cell, table, tokens), *change

    of_few, of_all, mapped = (
        jax.device_get(quickly(partial(derivatives, function))(tokens))
        for function, tokens in ((last_sum, tokens[:2]), (last_sum, tokens), (each_one, tokens))
    )
    rest = jax.device_get(quickly(partial(derivatives, last_sum))(tokens[2:]))
    assert_equal(mapped, of_all, 1e-12)
    assert_equal(jax.tree.map(np.add, of_few, rest), of_all, 1e-9)


def test_what_is_kept_grows_with_the_root_of_the_length():
    cell = FastWeights(2, 5, key=jax.random.key(0))
    table = jnp.ones((3, 5))

    def kept(length):
        tokens = jax.ShapeDtypeStruct((16, length), jnp.int32)
        return jax.jit(jax.grad(last_sum, 1)).lower(cell, table, tokens).compile().memory_analysis()

    short, long = (kept(length).temp_size_in_bytes for length in (10_000, 1_000_000))
    assert long - 16 * 4 * 1_000_000 < 15 * (short - 16 * 4 * 10_000)
