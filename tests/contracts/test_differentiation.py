"""Every cell can be differentiated in either direction and twice, with a kernel and without one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import CASES, FAST_WEIGHTS, SIZES, inputs_for, quickly, small_model
from fastweights import registry
from fastweights.cells.base import Cell

# The first of each: second derivatives of many heads take long to compile.
FIRST_OF_EACH = list({case.name: case for case in reversed([*CASES, FAST_WEIGHTS[1]])}.values())
SHORT = SIZES._replace(time=3)
FORMS = [(case, Cell.unroll_projected) for case in FIRST_OF_EACH]
FORMS += [
    (case, registry.cells[case.name].unroll_in_jax)
    for case in FIRST_OF_EACH
    if "unroll_in_jax" in vars(registry.cells[case.name])
]


def derivatives(unroll):
    """Along one direction: the first derivative forward, and the change of the gradient."""

    def number(cell, projections):
        return jnp.sum(jnp.sin(unroll(cell, projections)))

    def both(arguments, direction):
        gradient = jax.grad(number, (0, 1))
        return jax.jvp(number, arguments, direction), jax.jvp(gradient, arguments, direction)

    return quickly(both)


plain = derivatives(Cell.unroll_in_jax)


@pytest.mark.parametrize(("case", "unroll"), FORMS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_first_derivative_forward_and_second_derivative(case, unroll, float64):
    cell = case.build(SHORT)
    arguments = cell, cell.project(inputs_for(SHORT).swapaxes(0, 1)).swapaxes(0, 1)
    rng = np.random.default_rng(0)
    direction = jax.tree.map(lambda x: jnp.asarray(rng.standard_normal(x.shape)), arguments)
    actual, expected = derivatives(unroll)(arguments, direction), plain(arguments, direction)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9), actual, expected)


def test_the_hessian_of_a_classifier_is_symmetric_and_no_zero(float64):
    model = small_model(FAST_WEIGHTS[0], hidden_size=3, input_size=2, readout_size=0)
    tokens = jnp.array([[0, 1], [2, 3], [1, 0]])

    def number(recurrent):
        changed = jax.tree.map(lambda x: x, model)
        object.__setattr__(changed.cell, "recurrent", recurrent)
        return jnp.sum(changed(tokens) ** 2)

    recurrent = jnp.asarray(model.cell.recurrent, float) + 0.3
    hessian = quickly(jax.hessian(number))(recurrent).reshape(9, 9)
    assert float(jnp.max(jnp.abs(hessian))) > 1e-3
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-6, atol=1e-9)
