"""A subclass of a registered cell computes its own equations; one that changes none keeps its kernel."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fastweights as fw
from cases import (
    BUILT_IN,
    EVERY_CELL,
    FAST_WEIGHTS,
    SIZES,
    Case,
    each,
    each_with_a_form_of_its_own,
    inputs_for,
    quickly,
    steps,
)
from fastweights import registry
from fastweights.cells.programmers.cell import Programmer

CELLS = [FAST_WEIGHTS[0] if case.name == "fast-weights" else case for case in EVERY_CELL]


def derived(case: Case, **changes):
    """A cell of the case, of a class that has these methods instead of its parent's."""
    parent = registry.cells[case.name]
    child = type(parent)("Derived", (parent,), changes)
    cell = case.build(SIZES)
    changed = object.__new__(child)
    for name, value in vars(cell).items():
        object.__setattr__(changed, name, value)
    return cell, changed


def silent(parent):
    def step(self, state, projection):
        state, output = parent.step(self, state, projection)
        return state, 0 * output

    return step


def shifted_start(parent):
    def shifted(x):
        # Each number by another one: a normalisation takes away what is the same for all.
        return x + 1 + 0.9 * jnp.cos(jnp.arange(1.0 * x.size)).reshape(x.shape)

    def initial_state(self):
        return jax.tree.map(shifted, parent.initial_state(self))

    return initial_state


def doubled(parent):
    def project(self, x):
        return 2 * parent.project(self, x)

    return project


CHANGES = {"step": silent, "initial_state": shifted_start, "project": doubled}


FORMS = ("unroll", "unroll_projected", "unroll_in_jax", "last_output")


@quickly
def by_every_form(cell, x):
    """The last outputs of one sequence."""
    projections = jax.vmap(cell.project)(x)
    unrolled = cell.unroll(x), cell.unroll_projected(projections), cell.unroll_in_jax(projections)
    return *(outputs[-1] for outputs, _ in unrolled), cell.last_output(projections, jnp.arange(len(x)))


@pytest.mark.parametrize("method", CHANGES)
@each_with_a_form_of_its_own(CELLS)
def test_a_changed_method_changes_every_form(case, method, float64):
    cell, changed = derived(case, **{method: CHANGES[method](registry.cells[case.name])})
    x = inputs_for(SIZES)[:, :2]  # after more steps a decaying memory has nothing left of its initial state
    expected = steps(changed, x)[0, -1]
    assert float(jnp.max(jnp.abs(expected - steps(cell, x)[0, -1]))) > 1e-3
    for form, actual in zip(FORMS, by_every_form(changed, x[0]), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12, err_msg=form)


@each(CELLS[:1])
def test_a_classifier_reads_out_what_a_subclass_computes(case):
    _, changed = derived(case, step=silent(registry.cells[case.name]))
    key = jax.random.key(0)
    model = fw.SequenceClassifier(changed, 4, 3, options=fw.ClassifierOptions(readout_size=0), key=key)
    logits = model(jnp.array([[0, 1], [2, 3]]))
    np.testing.assert_array_equal(logits, jnp.tile(model.readout.output[1], (2, 1)))


@each(CELLS)
def test_fast_forms_are_inherited_unless_the_equations_change(case):
    cell, same = derived(case, __doc__="The same equations.")
    _, changed = derived(case, step=silent(registry.cells[case.name]))
    kernel = cell.kernel(SIZES.time, 1, jnp.dtype("float32"))
    assert (same.kernel(SIZES.time, 1, jnp.dtype("float32")) is None) == (kernel is None)
    assert same.step_operations() == cell.step_operations()
    assert same.unroll_operations(9) == cell.unroll_operations(9) <= 8 * cell.step_operations()
    assert changed.kernel(SIZES.time, 1, jnp.dtype("float32")) is None
    assert changed.step_operations() is None and changed.unroll_operations(9) is None
    assert changed.attention(jnp.zeros((2, 3))) is None


@pytest.mark.parametrize("helper", ["_normalise", "_preliminary"])
def test_a_helper_of_the_step_counts_as_a_change(helper, float64):
    """Kernel and attention form know nothing of it."""
    case = FAST_WEIGHTS[0]
    parent = getattr(fw.FastWeights, helper)
    _, changed = derived(case, **{helper: lambda self, *arguments: 0.5 * parent(self, *arguments)})
    x = inputs_for(SIZES)
    for form, actual in zip(FORMS, by_every_form(changed, x[0]), strict=True):
        np.testing.assert_allclose(actual, steps(changed, x)[0, -1], rtol=1e-9, atol=1e-12, err_msg=form)


def test_a_step_from_a_mixin_counts_as_a_change():
    class Mixin:
        def step(self, state, projection):
            state, output = fw.LSTM.step(self, state, projection)
            return state, 0 * output

    class Mixed(Mixin, fw.LSTM):
        pass

    outputs, _ = Mixed(3, 5, key=jax.random.key(0)).unroll(jnp.ones((2, 4, 3)))
    np.testing.assert_array_equal(outputs, jnp.zeros((2, 4, 5)))


def test_a_fast_form_that_is_defined_with_the_step_is_taken():
    class Own(fw.LSTM):
        def step(self, state, projection):
            raise AssertionError("not the fast form")

        def unroll_in_jax(self, projections, state=None, valid=None, resets=None):
            return jnp.ones((len(projections), self.hidden_size)), self.initial_state()

    class Heir(Own):
        pass

    for cell_class in (Own, Heir):
        outputs, _ = cell_class(3, 5, key=jax.random.key(0)).unroll(jnp.ones((2, 4, 3)))
        np.testing.assert_array_equal(outputs, jnp.ones((2, 4, 5)))


@pytest.mark.parametrize("name", ["__call__", "unroll", "unroll_projected", "last_output"])
def test_what_follows_from_the_step_cannot_be_overridden(name):
    with pytest.raises(TypeError, match=f"Mine must not override {name}"):
        type(fw.LSTM)("Mine", (fw.LSTM,), {name: lambda self: None})


RECURRENT = [
    case for case in CELLS if case.name in BUILT_IN and not issubclass(registry.cells[case.name], Programmer)
]


@each(RECURRENT)
def test_the_operations_of_a_step_are_those_of_its_products(case):
    """Against the matrices: each of their numbers is multiplied and added once."""
    cell = case.build(SIZES)
    matrices = 2 * sum(getattr(cell, name).size for name in ("recurrent", "output") if hasattr(cell, name))
    memory = {
        # λ A, its sum with the outer product, and one reading.
        "fast-weights": 3 * SIZES.hidden**2 + 2 * SIZES.hidden**2,
        # Of each memory a lookup, the outer product, its sum, a reading.
        "delta-rnn": 2 * 6 * SIZES.hidden**2,
        # λ A, its sum with the outer product, and one reading.
        "fw-lstm": 3 * SIZES.hidden**2 + 2 * SIZES.hidden**2,
        "rdn": 6 * SIZES.hidden**2,
        # Two sums over each of 256 places and unit.
        "softmax-attention": 2 * 2 * 256 * SIZES.hidden,
        # Fading, and for each of 3 heads a complex product written to and read from each of 4 copies.
        "associative-lstm": 4 * (2 + 3 * 2 * 8) * cell.hidden_size // 2,
    }
    assert cell.step_operations() == matrices + memory.get(case.name, 0)
