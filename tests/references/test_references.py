"""Every cell that has a slow NumPy reference equals it, with every option, in both precisions."""

import jax
import numpy as np
import pytest

from cases import (
    BUILT_IN,
    CASES,
    EVERY_ASSOCIATIVE,
    EVERY_FAST_WEIGHTS,
    EVERY_PROGRAMMER,
    LAST_OF_EACH,
    LONG,
    SIZES,
    each,
    inputs_for,
    one_step,
    relative_error,
    steps,
    unroll,
)
from references import has_reference, reference

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def reference_of(case, cell, x):
    """The reference's outputs for a batch, a sequence at a time."""
    outputs, options = reference(case.name).outputs, type(cell).Options(**dict(case.options))
    return np.stack([outputs(cell, options, sequence) for sequence in np.asarray(x, np.float64)])


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_cell_has_a_reference(name):
    assert callable(reference(name).outputs)


@pytest.mark.parametrize(
    ("case", "dtype"),
    [
        (case, dtype)
        for cases, dtype in ((CASES, "float64"), (LAST_OF_EACH, "float32"))
        for case in cases
        if has_reference(case.name)
    ],
    ids=str,
)
def test_cell_equals_its_reference(case, dtype):
    with jax.enable_x64(dtype == "float64"):
        cell, x = case.build(SIZES), inputs_for(SIZES)
        actual = unroll(cell, x)
        assert actual.dtype == dtype
        assert relative_error(actual, reference_of(case, cell, x)) < TOLERANCE[dtype]


@pytest.mark.thorough
@each(EVERY_ASSOCIATIVE)
def test_every_number_of_heads_and_copies_equals_the_reference(case, float64):
    cell, x = case.build(LONG), inputs_for(LONG)
    expected = reference_of(case, cell, x)
    assert relative_error(steps(cell, x), expected) < 1e-12
    assert relative_error(unroll(cell, x), expected) < 1e-12


@each(EVERY_PROGRAMMER)
def test_several_heads_of_a_programmer_equal_the_reference(case, float64):
    cell, x = case.build(SIZES), inputs_for(SIZES)
    assert relative_error(unroll(cell, x), reference_of(case, cell, x)) < 1e-12


@each(EVERY_FAST_WEIGHTS)
def test_every_option_of_fast_weights_equals_the_reference(case, float64):
    """Four steps: the first at which a late memory holds two states of different age."""
    cell, x = case.build(SIZES), inputs_for(SIZES)[:, :4]
    eagerly = steps(cell, x, one_step)  # small programs, the same for all options
    assert relative_error(eagerly, reference_of(case, cell, x)) < 1e-12
