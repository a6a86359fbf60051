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
    as_type,
    each,
    each_with_a_form_of_its_own,
    fresh,
    has_a_form_of_its_own,
    inputs_for,
    quickly,
    relative_error,
    step,
    steps,
    unroll,
)
from fastweights import registry
from fastweights.cells.base import Cell
from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions
from fastweights.errors import InvalidValueError

ATTENDING = [
    case
    for case in FAST_WEIGHTS
    if dict(case.options)["inner_steps"] and dict(case.options)["write_time"] != "preliminary"
]


def each_form(cases, further=()):
    """Run a test on each case, and on two of fast weights at another length; on further ones if asked to."""
    every = [(case, SIZES) for case in cases]
    every += [(case, LONG) for case in cases if case.name == "fast-weights"][:2]
    rest = [pytest.param(case, SIZES, marks=pytest.mark.thorough) for case in further if case not in cases]
    return pytest.mark.parametrize(("case", "sizes"), every + rest, ids=str)


def each_of_few(cases):
    """Run a test on the two cases that differ most, on all if asked to."""
    few = {1: (), 2: ()}
    return each([pytest.param(case, marks=few.get(n, pytest.mark.thorough)) for n, case in enumerate(cases)])


# The GRU stands for all cells whose only form is the default one.
each_of_all = each_form(
    [case for case in LAST_OF_EACH if has_a_form_of_its_own(case) or case.name == "gru"], CASES
)


def weighted(cell, x, state, weights):
    """A number that depends on every output and on the final state."""
    outputs, after = cell.unroll(x, state)
    return jnp.sum(weights * outputs) + sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(after))


gradient = quickly(jax.grad(weighted, argnums=(0, 1, 2)))
value = quickly(weighted)
_whole = quickly(lambda cell, *arguments, **options: cell.unroll(*arguments, **options))


def in_numpy(tree):
    """Parts of it are then parts of arrays, not programs that JAX compiles for each shape."""
    return jax.tree.map(np.asarray, tree)


def whole(cell, *arguments, **options):
    return in_numpy(_whole(cell, *arguments, **options))


def weights_for(cell, sizes):
    rng = np.random.default_rng(2)
    return jnp.asarray(rng.standard_normal((sizes.batch, sizes.time, cell.hidden_size)))


def some_state(cell, batch):
    """A state in generic position."""
    rng = np.random.default_rng(4)
    return jax.tree.map(
        lambda x: 0.5 * rng.standard_normal(x.shape).astype(x.dtype), in_numpy(fresh(cell, batch))
    )


def assert_close(actual, expected, tolerance=1e-12):
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@each(CASES)
def test_state_and_output_keep_structure_shape_and_type(case):
    cell, x = case.build(SIZES), inputs_for(SIZES)
    before = cell.initial_state()
    after, output = jax.eval_shape(cell, before, x[0, 0])
    assert jax.tree.structure(after) == jax.tree.structure(before)
    assert jax.tree.all(jax.tree.map(lambda a, b: (a.shape, a.dtype) == (b.shape, b.dtype), after, before))
    assert (output.shape, output.dtype) == ((cell.hidden_size,), x.dtype)


@each_form(CASES)
def test_compiled_unroll_equals_a_python_loop(case, sizes, float64):
    cell, x = case.build(sizes), inputs_for(sizes)
    assert relative_error(unroll(cell, x), steps(cell, x)) < 1e-12


@each_with_a_form_of_its_own(LAST_OF_EACH)
def test_unroll_equals_a_python_loop_in_single_precision(case):
    cell, x = case.build(SIZES), inputs_for(SIZES)
    assert relative_error(unroll(cell, x), steps(cell, x)) < 1e-5


@each_with_a_form_of_its_own(EVERY_CELL)
def test_compiled_step_equals_the_eager_step(case, float64):
    cell, x = case.build(SIZES), inputs_for(SIZES)
    state, _ = cell(cell.initial_state(), x[0, 0])
    eager, compiled = cell(state, x[0, 1]), quickly(lambda cell, *given: cell(*given))(cell, state, x[0, 1])
    assert_close(eager, compiled)


@each_form([case for case in EVERY_CELL if has_a_form_of_its_own(case)], EVERY_CELL)
def test_a_sequence_does_not_see_its_neighbours(case, sizes, float64):
    cell, x = case.build(sizes), in_numpy(inputs_for(sizes))
    others = np.concatenate([x[:1], -3 * x[1:]])
    together, others_changed = in_numpy(unroll(cell, x)), in_numpy(unroll(cell, others))
    np.testing.assert_array_equal(together[0], others_changed[0])
    assert relative_error(unroll(cell, x[0]), together[0]) < 1e-12
    stacked = np.stack([x, x + 1])[:, :, None]
    np.testing.assert_allclose(in_numpy(unroll(cell, stacked))[0, :, 0], together, rtol=1e-12, atol=1e-12)


@each_of_all
def test_every_split_of_a_sequence_is_the_whole(case, sizes, float64):
    """From a given state. The parts are padded to one shape, so that they are compiled once."""
    cell, x = case.build(sizes), in_numpy(inputs_for(sizes))
    state, every = some_state(cell, sizes.batch), np.ones(sizes.batch, int)
    end = whole(cell, x, state)
    for place in range(sizes.time + 1):
        first, middle = whole(cell, x, state, lengths=place * every)
        rest = np.roll(x, -place, axis=1)
        second, last = whole(cell, rest, middle, lengths=(sizes.time - place) * every)
        assert_close((first + np.roll(second, place, axis=1), last), end, 1e-11)
    for place in (0, 4):
        first, middle = whole(cell, x[:, :place], state)
        second, last = whole(cell, x[:, place:], middle)
        assert_close((np.concatenate([first, second], axis=1), last), end, 1e-11)


@each_of_all
def test_the_final_state_is_that_of_the_steps(case, sizes, float64):
    cell, x = case.build(sizes), inputs_for(sizes)
    for begin, given in ((fresh(cell, sizes.batch), None), (some_state(cell, sizes.batch),) * 2):
        state = begin
        for t in range(sizes.time):
            state, _ = step(cell, state, x[:, t])
        assert_close(whole(cell, x, given)[1], state, 1e-11)


@each_of_all
def test_what_is_beyond_a_sequence_s_length_is_never_seen(case, sizes, float64):
    """Not even NaN touches outputs, the state or a gradient."""
    cell, x = case.build(sizes), in_numpy(inputs_for(sizes))
    lengths = np.array([sizes.time - 2, 0])
    state, weights = some_state(cell, sizes.batch), weights_for(cell, sizes)
    short = lengths[0]
    damaged = x.copy()
    damaged[0, short:] = damaged[1] = np.nan
    outputs, after = whole(cell, damaged, state, lengths=lengths)
    alone, end = whole(cell, x[:1, :short], jax.tree.map(lambda leaf: leaf[:1], state))
    assert_close(outputs[:1, :short], alone)
    assert not outputs[0, short:].any() and not outputs[1].any()
    assert_close(jax.tree.map(lambda leaf: leaf[:1], after), end, 1e-11)
    assert_close(jax.tree.map(lambda leaf: leaf[1], after), jax.tree.map(lambda leaf: leaf[1], state))

    def number(cell, x, state, lengths):
        outputs, after = cell.unroll(x, state, lengths=lengths)
        return jnp.sum(weights * outputs) + sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(after))

    slopes = quickly(jax.grad(number, (0, 1, 2)))
    damaged_slopes, clean = (in_numpy(slopes(cell, x, state, lengths)) for x in (damaged, x))
    assert_close(damaged_slopes, clean)
    assert not clean[1][0, short:].any() and not clean[1][1].any() and clean[1][0, :short].any()


@each_of_all
def test_a_reset_is_a_fresh_start(case, sizes, float64):
    cell, x = case.build(sizes), in_numpy(inputs_for(sizes))
    state, place = some_state(cell, sizes.batch), 3
    resets = np.zeros((sizes.batch, sizes.time), bool)
    resets[[0, 1], [place, 0]] = True
    outputs, after = whole(cell, x, state, resets=resets)
    before, _ = whole(cell, x[0, :place], jax.tree.map(lambda leaf: leaf[0], state))
    later, end = whole(cell, x[0, place:])
    anew, other_end = whole(cell, x[1])
    assert_close(outputs, np.stack([np.concatenate([before, later]), anew]), 1e-11)
    assert_close(after, jax.tree.map(lambda *leaves: np.stack(leaves), end, other_end), 1e-11)
    slope = quickly(
        jax.grad(
            lambda x, cell, state: jnp.sum(cell.unroll(x, state, resets=jnp.asarray(resets))[0][:, place:])
        )
    )
    assert not slope(x, cell, state)[0, :place].any()


@each_form(LAST_OF_EACH)
def test_gradients_equal_finite_differences(case, sizes, float64):
    """Along a random direction of each array alone: all of the cell's, the inputs, the initial state."""
    cell = case.build(sizes)
    arguments = cell, inputs_for(sizes), some_state(cell, sizes.batch)
    weights = weights_for(cell, sizes)
    gradients = gradient(*arguments, weights)
    leaves, structure = jax.tree.flatten(arguments)
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(arguments)]
    rng, far = np.random.default_rng(3), 1e-6
    for i, (name, slope) in enumerate(zip(names, jax.tree.leaves(gradients), strict=True)):
        direction = jnp.asarray(rng.standard_normal(slope.shape))

        def moved(by, i=i, direction=direction):
            shifted = [*leaves[:i], leaves[i] + by * direction, *leaves[i + 1 :]]
            return value(*jax.tree.unflatten(structure, shifted), weights)

        difference = (moved(far) - moved(-far)) / (2 * far)
        predicted = float(jnp.sum(slope * direction))
        assert predicted == pytest.approx(float(difference), rel=1e-6, abs=1e-7), name


@each_with_a_form_of_its_own(EVERY_CELL)
def test_mapped_sequences_and_models_are_those_alone_in_every_order(case, float64):
    """`vmap` over sequences and over models, gradients of either, `vmap` of gradients, `jit` around them."""
    cells, x = [case.build(SIZES, seed) for seed in range(2)], in_numpy(inputs_for(SIZES))
    stacked = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *cells)

    def number(cell, x):
        return jnp.sum(jnp.sin(cell.unroll(x)[0]))

    def total(cell, x):
        return jnp.sum(jax.vmap(number, (None, 0))(cell, x))

    @quickly
    def mapped(cells, stacked, x):
        crossed = jax.grad(lambda cells: jnp.sum(jax.vmap(total, (0, None))(cells, x)))
        return (
            jax.value_and_grad(total)(cells[0], x),
            jax.vmap(jax.value_and_grad(total), (0, None))(stacked, x),
            jax.vmap(jax.value_and_grad(number), (None, 0))(cells[1], x),
            crossed(stacked),
        )

    slopes = quickly(jax.value_and_grad(number))
    alone = [[jax.tree.map(np.asarray, slopes(cell, sequence)) for sequence in x] for cell in cells]
    of_each = [jax.tree.map(lambda *leaves: sum(leaves), *row) for row in alone]
    over_sequences, over_models, each_sequence, crossed = mapped(cells, stacked, x)
    assert_close(over_sequences, of_each[0], 1e-10)
    assert_close(over_models, jax.tree.map(lambda *leaves: np.stack(leaves), *of_each), 1e-10)
    assert_close(each_sequence, jax.tree.map(lambda *leaves: np.stack(leaves), *alone[1]), 1e-10)
    assert_close(crossed, over_models[1], 1e-10)


def matrix_shape(sizes):
    """The fast memories', as they are printed where a program holds them."""
    return f"[{sizes.batch},{sizes.hidden},{sizes.hidden}]"


@each_of_few(ATTENDING)
def test_attention_equals_the_matrix_form(case, float64):
    """Equation 4 against the matrix: the outputs, the final state and every derivative."""
    cell, x = case.build(SIZES), inputs_for(SIZES)

    def by(unroll):
        def number(cell, x):
            outputs, state = jax.vmap(lambda x: unroll(cell, jax.vmap(cell.project)(x)))(x)
            return jnp.sum(jnp.sin(outputs)) + jnp.sum(jnp.sin(state.memory)), (outputs, state)

        return jax.value_and_grad(number, (0, 1), has_aux=True)

    attention, matrix = by(FastWeights.unroll_in_jax), by(Cell.unroll_in_jax)
    assert_close(quickly(attention)(cell, x), quickly(matrix)(cell, x), 1e-11)
    assert matrix_shape(SIZES) in str(jax.make_jaxpr(matrix)(cell, x))
    sums = str(jax.make_jaxpr(lambda x: jax.vmap(cell.attention)(jax.vmap(jax.vmap(cell.project))(x)))(x))
    assert matrix_shape(SIZES) not in sums


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


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"inputs": jnp.ones((2, 7, 6))}, r"inputs must be \(…, time, 5\); got \(2, 7, 6\)"),
        ({"inputs": jnp.ones(5)}, r"inputs must be \(…, time, 5\); got \(5,\)"),
        ({"state": jnp.zeros((2, 4))}, r"state must have the shapes FastWeightsState.*got \(2, 4\)"),
        (
            {"lengths": jnp.array([1, 2, 3])},
            r"lengths must be integers of the shape \(2,\); got int32 of .*\(3,\)",
        ),
        ({"lengths": jnp.array([1.0, 2.0])}, "lengths must be integers of the shape .* got float32"),
        ({"lengths": jnp.array([1, 8])}, r"lengths must be between 0 and 7; got \[8\]"),
        ({"resets": jnp.zeros((2, 7))}, r"resets must be truth values of the shape \(2, 7\); got float32"),
    ],
)
def test_arguments_of_unroll_that_do_not_fit_are_refused(bad, message, untyped):
    cell = FastWeights(5, 4, key=jax.random.key(0))
    with pytest.raises(InvalidValueError, match=message):
        cell.unroll(**{"inputs": jnp.ones((2, 7, 5)), **bad})


def test_a_step_of_another_size_is_refused():
    cell = FastWeights(5, 4, key=jax.random.key(0))
    with pytest.raises(InvalidValueError, match=r"x must be \(5,\); got \(6,\)"):
        cell(cell.initial_state(), jnp.ones(6))


@each_with_a_form_of_its_own(EVERY_CELL)
def test_inputs_of_another_precision_decide_the_result_s(case, float64):
    """A model in single precision, inputs in double: the sums are in double precision."""
    cell, x = as_type(case.build(SIZES), "float32"), inputs_for(SIZES)
    outputs, state = whole(cell, x)
    assert outputs.dtype == jnp.float64 and {leaf.dtype for leaf in jax.tree.leaves(state)} == {outputs.dtype}
    assert relative_error(outputs, unroll(as_type(cell, "float64"), x)) < 1e-12
