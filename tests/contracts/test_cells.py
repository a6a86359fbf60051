"""What every registered cell keeps to: stable states, one meaning for all its forms, exact gradients."""

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
    each,
    inputs_for,
    quickly,
    relative_error,
    step,
    steps,
    unroll,
)
from fastweights import registry
from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions
from fastweights.errors import InvalidValueError

ATTENDING = [
    case
    for case in FAST_WEIGHTS
    if dict(case.options)["inner_steps"] and dict(case.options)["write_time"] != "preliminary"
]


def each_form(cases):
    """Run a test on each case, and on two of fast weights at another length."""
    every = [(case, SIZES) for case in cases]
    every += [(case, LONG) for case in cases if case.name == "fast-weights"][:2]
    return pytest.mark.parametrize(("case", "sizes"), every, ids=str)


def weighted(cell, x, weights):
    """A number that depends on every output."""
    return jnp.sum(weights * cell.unroll(x))


gradient = quickly(jax.grad(weighted, argnums=(0, 1)))


def weights_for(cell, sizes):
    rng = np.random.default_rng(2)
    return jnp.asarray(rng.standard_normal((sizes.time, cell.hidden_size, sizes.batch)))


@each(CASES)
def test_state_and_output_keep_structure_shape_and_type(case):
    cell, x = case.build(SIZES), inputs_for(SIZES)
    before = cell.initial_state(SIZES.batch)
    after, output = jax.eval_shape(cell, before, x[0])
    assert jax.tree.structure(after) == jax.tree.structure(before)
    assert jax.tree.all(jax.tree.map(lambda a, b: (a.shape, a.dtype) == (b.shape, b.dtype), after, before))
    assert (output.shape, output.dtype) == ((cell.hidden_size, SIZES.batch), x.dtype)


@each_form(CASES)
def test_compiled_unroll_equals_a_python_loop(case, sizes, float64):
    cell, x = case.build(sizes), inputs_for(sizes)
    assert relative_error(unroll(cell, x), steps(cell, x)) < 1e-12


@each(EVERY_CELL)
def test_compiled_step_equals_the_eager_step(case, float64):
    cell, x = case.build(SIZES), inputs_for(SIZES)
    state, _ = cell(cell.initial_state(SIZES.batch), x[0])
    eager, compiled = cell(state, x[1]), step(cell, state, x[1])
    for a, b in zip(jax.tree.leaves(eager), jax.tree.leaves(compiled), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@each_form(EVERY_CELL)
def test_a_column_does_not_see_its_neighbours(case, sizes, float64):
    cell, x = case.build(sizes), inputs_for(sizes)
    together, others_changed = unroll(cell, x), unroll(cell, x.at[..., 1:].multiply(-3))
    np.testing.assert_array_equal(together[..., 0], others_changed[..., 0])
    assert relative_error(steps(cell, x[..., :1])[..., 0], together[..., 0]) < 1e-12


@each_form(LAST_OF_EACH)
def test_gradients_equal_finite_differences(case, sizes, float64):
    """Along a random direction of each array alone: every trained one, λ, η and the inputs."""
    arguments = case.build(sizes), inputs_for(sizes)
    weights = weights_for(arguments[0], sizes)
    gradients = gradient(*arguments, weights)
    leaves, structure = jax.tree.flatten(arguments)
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(arguments)]
    rng, far = np.random.default_rng(3), 1e-6
    for i, (name, slope) in enumerate(zip(names, jax.tree.leaves(gradients), strict=True)):
        direction = jnp.asarray(rng.standard_normal(slope.shape))

        def moved(by, i=i, direction=direction):
            shifted = [*leaves[:i], leaves[i] + by * direction, *leaves[i + 1 :]]
            return jnp.sum(weights * unroll(*jax.tree.unflatten(structure, shifted)))

        difference = (moved(far) - moved(-far)) / (2 * far)
        predicted = float(jnp.sum(slope * direction))
        assert predicted == pytest.approx(float(difference), rel=1e-6, abs=1e-7), name


def matrix_shape(sizes):
    """The fast memory's, as it is printed where a program holds it."""
    return f"[{sizes.hidden},{sizes.hidden},{sizes.batch}]"


@each(ATTENDING)
def test_attention_and_its_derivative_equal_the_matrix_form_s(case, float64):
    """The hand-written derivative against automatic differentiation of the matrix, for every array."""
    cell, x = case.build(SIZES), inputs_for(SIZES)
    weights = weights_for(cell, SIZES)

    def by_matrix(cell, x):
        return jnp.sum(weights * steps(cell, x, type(cell).__call__))

    assert matrix_shape(SIZES) not in str(jax.make_jaxpr(cell.unroll)(x))
    matrix, attention = quickly(jax.grad(by_matrix, (0, 1)))(cell, x), gradient(cell, x, weights)
    for a, b in zip(jax.tree.leaves(attention), jax.tree.leaves(matrix), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * float(jnp.max(jnp.abs(b), initial=0)))


def test_without_a_kernel_the_long_size_takes_the_matrix_path():
    cell = FAST_WEIGHTS[0].build(LONG)
    assert isinstance(cell, FastWeights)
    projections = jnp.zeros((LONG.time, LONG.hidden, LONG.batch))
    assert matrix_shape(LONG) in str(jax.make_jaxpr(cell.unroll_in_jax)(projections))


@each(EVERY_CELL)
def test_cells_stack_under_vmap(case, float64):
    cells, x = [case.build(SIZES, seed) for seed in range(2)], inputs_for(SIZES)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *cells)
    side_by_side = quickly(jax.vmap(type(cells[0]).unroll, (0, None)))(stacked, x)
    for cell, beside in zip(cells, side_by_side, strict=True):
        assert relative_error(beside, unroll(cell, x)) < 1e-12


@pytest.mark.parametrize("sizes", [(0, 5), (3, 0), (3, -2)])
@each(EVERY_CELL)
def test_sizes_below_one_are_refused(case, sizes):
    with pytest.raises(InvalidValueError, match=f"got {min(sizes)}"):
        case.build(SIZES._replace(input=sizes[0], hidden=sizes[1]))


@each([case for case in EVERY_CELL if registry.cells[case.name].size_multiple > 1])
def test_a_size_that_makes_no_pairs_is_refused(case):
    with pytest.raises(InvalidValueError, match="hidden_size must be a multiple of 2; got 5"):
        registry.cells[case.name](3, 5, key=jax.random.key(0))


@each(EVERY_CELL)
def test_options_out_of_range_are_refused(case):
    """Every number among the options: none may be −1 or infinite, unless it is a bias."""
    cell_class = type(case.build(SIZES))
    for name, default in vars(cell_class.Options()).items():
        if isinstance(default, float):
            bad = float("inf") if "bias" in name else -1.0
            with pytest.raises(InvalidValueError, match=f"{name} .*got {bad}"):
                cell_class.Options(**{name: bad})
        if isinstance(default, str):
            with pytest.raises(InvalidValueError, match=f"{name} .*got 'nonsense'"):
                cell_class.Options(**{name: "nonsense"})


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"decay": 1.01}, "got 1.01"),
        ({"decay": float("nan")}, "got nan"),
        ({"write_rate": float("nan")}, "got nan"),
        ({"inner_steps": -1}, "got -1"),
        ({"method": 3}, "got 3"),
        ({"norm": "none", "preliminary_norm": "shared"}, "got norm 'none'"),
        ({"inner_steps": 0, "norm_sets": "per-step", "preliminary_norm": "shared"}, "inner_steps 0"),
    ],
)
def test_fast_weights_options_out_of_range_are_refused(bad, message):
    with pytest.raises(InvalidValueError, match=message):
        FastWeightsOptions(**bad)


def test_inputs_of_another_size_are_refused():
    cell = FastWeights(5, 4, key=jax.random.key(0))
    with pytest.raises(InvalidValueError, match=r"inputs must be \(time, 5, batch\); got \(7, 6, 3\)"):
        cell.unroll(jnp.ones((7, 6, 3)))
    with pytest.raises(InvalidValueError, match=r"x must be \(5, batch\); got \(6, 3\)"):
        cell(cell.initial_state(3), jnp.ones((6, 3)))
