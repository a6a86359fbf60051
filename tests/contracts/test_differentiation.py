"""Every cell can be differentiated in either direction and twice, and mapped in every order, with its kernel.

A mapped batch is one call of the kernel, and so is its gradient.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import (
    CASES,
    FAST_WEIGHTS,
    SIZES,
    WITH_KERNEL,
    each,
    fresh,
    inputs_for,
    project,
    quickly,
    small_model,
)
from fastweights.cells.base import Cell

# The first of each: second derivatives of many heads take long to compile.
FIRST_OF_EACH = list({case.name: case for case in reversed([*CASES, FAST_WEIGHTS[1]])}.values())
THOROUGH = pytest.mark.thorough
OF_A_KERNEL = [case for case in FIRST_OF_EACH if case.name in WITH_KERNEL]
SHORT = SIZES._replace(time=3)


def arguments_for(case, sizes):
    """A cell, projections and a state."""
    cell, rng = case.build(sizes), np.random.default_rng(1)
    state = jax.tree.map(
        lambda x: jnp.asarray(0.5 * rng.standard_normal(x.shape), x.dtype), fresh(cell, sizes.batch)
    )
    return cell, project(cell, inputs_for(sizes)), state


def number(cell, projections, state):
    """A number that depends on all outputs and on the last state."""
    outputs, last = cell.unroll_projected(projections, state)
    return jnp.sum(jnp.sin(outputs)) + sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(last))


def number_in_jax(cell, projections, state):
    outputs, last = jax.vmap(lambda *one: Cell.unroll_in_jax(cell, *one))(projections, state)
    return jnp.sum(jnp.sin(outputs)) + sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(last))


def assert_close(actual, expected, tolerance=1e-9):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance), actual, expected
    )


@each(
    [pytest.param(case, marks=[pytest.mark.thorough] * (case not in OF_A_KERNEL)) for case in FIRST_OF_EACH]
)
def test_first_derivative_forward_and_second_derivative(case, float64):
    """Along one direction: the first derivative forward, and the change of the gradient."""
    arguments = arguments_for(case, SHORT)
    rng = np.random.default_rng(0)
    direction = jax.tree.map(lambda x: jnp.asarray(rng.standard_normal(x.shape)), arguments)

    def derivatives(number):
        gradient = jax.grad(number, (0, 1, 2))
        both = lambda *args: (jax.jvp(number, *args), jax.jvp(gradient, *args))  # noqa: E731
        return quickly(both)(arguments, direction)

    assert_close(derivatives(number), derivatives(number_in_jax), 1e-8)


def calls(function, *arguments) -> int:
    """How often the compiled program calls a kernel, if no loop does."""
    program = jax.jit(function).lower(*arguments).as_text()
    assert "while" not in program
    return program.count("custom_call @fastweights_")


@each(OF_A_KERNEL)
def test_a_mapped_batch_is_one_call_and_its_gradient_one_more(case):
    cell, projections, _ = arguments = arguments_for(case, SIZES)
    table, tokens = projections[0], jnp.arange(6, dtype=jnp.int32).reshape(2, 3)

    def mapped(cell, projections, state):
        return jax.vmap(cell.unroll_projected)(projections, state)

    def total(*arguments):
        return sum(jnp.sum(leaf) for leaf in jax.tree.leaves(mapped(*arguments)))

    def twice(cell, projections, state):
        pairs = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), (projections, state))
        return jax.vmap(lambda pair: total(cell, *pair))(pairs)

    def last(cell, table, tokens):
        return jax.vmap(lambda tokens: cell.last_output(table, tokens))(tokens)

    def last_total(cell, table):
        return jnp.sum(last(cell, table, tokens))

    assert calls(mapped, *arguments) == calls(twice, *arguments) == calls(last, cell, table, tokens) == 1
    gradient_of_twice = jax.grad(lambda *arguments: jnp.sum(twice(*arguments)), (0, 1, 2))
    for gradient in (jax.grad(total, (0, 1, 2)), gradient_of_twice):
        assert calls(gradient, *arguments) == 2
    assert calls(jax.grad(last_total, (0, 1)), cell, table) == 2


@each(OF_A_KERNEL)
def test_lengths_resets_and_states_are_mapped_too(case, float64):
    """Whatever is mapped and whatever all share: as one after the other."""
    cell, projections, state = arguments_for(case, SIZES)
    rng = np.random.default_rng(3)
    lengths = np.array([SIZES.time, 4])
    resets = rng.random((SIZES.batch, SIZES.time)) < 0.3

    def one(projections, state, lengths, resets):
        return cell.unroll_projected(projections, state, lengths=lengths, resets=resets)

    def of(i, tree):
        return jax.tree.map(lambda leaf: leaf[i], tree)

    @quickly
    def mapped(given):
        """Every argument is mapped; then one of them, and all share the first of the others."""
        chosen = [[arg if k == n else of(0, arg) for n, arg in enumerate(given)] for k in range(len(given))]
        axes = [[0 if k == n else None for n in range(len(given))] for k in range(len(given))]
        return jax.vmap(one)(*given), [
            jax.vmap(one, axes)(*args) for axes, args in zip(axes, chosen, strict=True)
        ]

    given, alone = (projections, state, lengths, resets), quickly(one)
    all_mapped, one_mapped = mapped(given)
    assert_close(all_mapped, alone(*given))
    given = jax.tree.map(np.asarray, given)
    for k, actual in enumerate(one_mapped):
        for i in range(SIZES.batch):
            assert_close(of(i, actual), alone(*(of(i if k == n else 0, arg) for n, arg in enumerate(given))))


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
