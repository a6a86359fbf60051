"""The native kernels: equal to their forms in JAX, with derivatives, safe with whatever they are given.

What a kernel must be is asked of the cells that have one; the built-in ones all do.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import (
    CASES,
    EVERY_CELL,
    FAST_WEIGHTS,
    LAST_OF_EACH,
    LONG,
    SIZES,
    WITH_KERNEL,
    Sizes,
    as_type,
    each,
    each_with_a_form_of_its_own,
    fresh,
    inputs_for,
    project,
    quickly,
)
from fastweights.cells.sequences import gather
from fastweights.native import calls
from fastweights.native.sizes import LONGEST_TAPE

# More units than a panel of a product has rows, and more sequences than a block has lanes; then one of each.
WIDE = Sizes(input=3, hidden=19, time=7, batch=21)
USUAL = [*LAST_OF_EACH, FAST_WEIGHTS[0]]
(WITHOUT,) = (case for case in FAST_WEIGHTS if dict(case.options)["write_time"] == "preliminary")
SMALLEST = Sizes(input=2, hidden=1, time=1, batch=1)


@pytest.fixture(autouse=True)
def _kernels_run_here():
    assert calls.runs(SIZES.time, jnp.dtype("float32")), "no C++ compiler? the kernels cannot be tested"


class Problem:
    """A cell, projections, a state, lengths, resets; weights for a number that depends on all results."""

    def __init__(self, case, sizes):
        self.cell = case.build(sizes)
        rng = np.random.default_rng(2)
        self.state = jax.tree.map(
            lambda x: jnp.asarray(0.5 * rng.standard_normal(x.shape), x.dtype), fresh(self.cell, sizes.batch)
        )
        self.arguments = self.cell, project(self.cell, inputs_for(sizes)), self.state
        self.lengths = jnp.arange(sizes.batch) * 3 % (sizes.time + 1)
        self.resets = jnp.asarray(rng.random((sizes.batch, sizes.time)) < 0.2)
        self.weights = jnp.asarray(rng.standard_normal((sizes.batch, sizes.time, self.cell.hidden_size)))

    def unroll(self, cell, projections, state):
        return cell.unroll_projected(projections, state, lengths=self.lengths, resets=self.resets)

    def unroll_in_jax(self, cell, projections, state):
        valid = jnp.arange(projections.shape[1]) < self.lengths[:, None]
        return jax.vmap(lambda *one: cell.unroll_in_jax(*one))(projections, state, valid, self.resets)

    def results_and_gradient(self, unroll, arguments=None):
        def number(*arguments):
            outputs, last = unroll(*arguments)
            total = sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(last))
            return total + jnp.sum(self.weights * outputs), (outputs, last)

        gradient = quickly(jax.value_and_grad(number, (0, 1, 2), has_aux=True))
        return gradient(*(arguments or self.arguments))


def assert_equal(actual, expected, tolerance):
    for (path, a), b in zip(
        jax.tree_util.tree_leaves_with_path(actual), jax.tree.leaves(expected), strict=True
    ):
        size = 1e-3 + np.max(np.abs(b), initial=0)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * size, err_msg=jax.tree_util.keystr(path))


def program(function, *arguments) -> str:
    return jax.jit(function).lower(*arguments).as_text()


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
    problem = Problem(case, sizes)
    if case.name not in WITH_KERNEL and problem.cell.kernel(sizes.time, sizes.time, jnp.dtype(float)) is None:
        pytest.skip("a cell without a kernel")
    assert "@fastweights_" in program(problem.unroll, *problem.arguments)
    assert "@fastweights_" not in program(problem.unroll_in_jax, *problem.arguments)
    actual = problem.results_and_gradient(problem.unroll)
    assert_equal(actual, problem.results_and_gradient(problem.unroll_in_jax), 1e-11)


@each_with_a_form_of_its_own(LAST_OF_EACH)
def test_single_precision_too(case):
    with jax.enable_x64(True):
        problem = Problem(case, WIDE)
        double = problem.results_and_gradient(problem.unroll)
    single = problem.results_and_gradient(problem.unroll, as_type(problem.arguments, jnp.float32))
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(single))
    assert_equal(single, double, 1e-4)


@each_with_a_form_of_its_own(EVERY_CELL)
def test_last_output_reads_the_table(case, float64):
    """A symbol that occurs several times collects the gradients of all its places."""
    cell = case.build(WIDE)
    rng = np.random.default_rng(4)
    tokens = jnp.asarray(rng.integers(0, 5, (WIDE.batch, WIDE.time)))
    table = jax.vmap(cell.project)(jnp.asarray(rng.standard_normal((5, WIDE.input))))
    weights = jnp.asarray(rng.standard_normal((WIDE.batch, cell.hidden_size)))

    def native(cell, table):
        return jnp.sum(weights * cell.last_output(table, tokens))

    def pure(cell, table):
        unroll = jax.vmap(lambda projections: cell.unroll_in_jax(projections)[0])
        return jnp.sum(weights * unroll(gather(table, tokens))[:, -1])

    actual, expected = (quickly(jax.grad(number, (0, 1)))(cell, table) for number in (native, pure))
    assert_equal(actual, expected, 1e-11)


@each_with_a_form_of_its_own(EVERY_CELL)
def test_tokens_beyond_the_table_are_the_nearest_symbol_in_both_forms(case):
    """Negative ones too, and in integers of every width."""
    cell = case.build(SIZES)
    table = jnp.asarray(np.random.default_rng(0).standard_normal((300, SIZES.input)), jnp.float32)
    table = jax.vmap(cell.project)(table)
    outside = np.array([[-(2**31), 300, 7], [2**31 - 1, -1, -128]])
    read = quickly(lambda cell, table, tokens: (gather(table, tokens), cell.last_output(table, tokens)))
    for tokens, inside in (
        (outside, [[0, 299, 7], [299, 0, 0]]),
        (np.array([[200], [255]], np.uint8), [[200], [255]]),
        (np.array([[-3], [127]], np.int8), [[0], [127]]),
        (np.array([[2**32 - 1], [3]], np.uint32), [[299], [3]]),
    ):
        tokens, inside = jnp.asarray(tokens), jnp.asarray(inside)
        actual, expected = read(cell, table, tokens), read(cell, table, inside)
        jax.tree.map(np.testing.assert_array_equal, actual, expected)
    gradient = quickly(jax.grad(lambda table, tokens: jnp.sum(cell.last_output(table, tokens))))
    tame = jnp.clip(jnp.asarray(outside), 0, 299)
    np.testing.assert_array_equal(gradient(table, jnp.asarray(outside)), gradient(table, tame))


@quickly
def by_both_forms(cell, projections):
    """The outputs of a batch: by the kernel, where the cell has one, and by its form in JAX."""
    in_jax, _ = jax.vmap(lambda one: cell.unroll_in_jax(one))(projections)
    return cell.unroll_projected(projections)[0], in_jax


@each_with_a_form_of_its_own(EVERY_CELL)
def test_what_is_not_a_number_comes_out(case):
    """Otherwise a diverged run would look well: relu(NaN) must not be 0."""
    cell = case.build(SIZES)
    projections = project(cell, inputs_for(SIZES)).at[1, 2].set(jnp.nan)
    finite, in_jax = (np.isfinite(outputs) for outputs in by_both_forms(cell, projections))
    assert finite[:, :2].all()
    assert finite[0].all()
    assert not finite[1, -1].all()
    if case.name in WITH_KERNEL:  # where every unit reads every other
        assert not finite[1, -1].any()
    np.testing.assert_array_equal(finite, in_jax)


@each_with_a_form_of_its_own(LAST_OF_EACH)
def test_what_was_not_a_number_before_a_reset_is_forgotten(case):
    cell = case.build(SIZES)
    projections = project(cell, inputs_for(SIZES))
    resets = jnp.zeros((SIZES.batch, SIZES.time), bool).at[:, 3].set(True)
    run = quickly(lambda cell, projections: cell.unroll_projected(projections, resets=resets))
    (whole, last), (damaged, end) = run(cell, projections), run(cell, projections.at[1, 2].set(jnp.nan))
    assert not np.isfinite(damaged[1, 2]).any()
    np.testing.assert_array_equal(damaged[:, 3:], whole[:, 3:])
    jax.tree.map(np.testing.assert_array_equal, end, last)


def test_a_sequence_too_long_for_a_tape_goes_without_a_kernel():
    cell = EVERY_CELL[0].build(SIZES)
    assert cell.kernel(LONGEST_TAPE + 1, 1, jnp.dtype("float32")) is None


def test_a_memory_of_preliminary_states_goes_without_a_kernel():
    assert WITHOUT.build(SIZES).kernel(SIZES.time, 1, jnp.dtype("float32")) is None
