"""Kernels against the equations, step by step: states in and out, lengths, resets, with all gradients."""

from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recurrences

from cases import quickly
from fastweights.native import attending, calls
from fastweights.native.attending import Plan
from fastweights.native.calls import Kernel, Sequences
from fastweights.native.sizes import bits

TIME, SYMBOLS = 7, 11
PLANS = {
    "rnn": Plan("relu", -1, (), (), True),
    "normalised rnn": Plan("tanh", 0, (), (), True),
    "fast weights": Plan("relu", -1, (0,), (-1,), True),
    "two inner steps": Plan("relu", 2, (0, 1), (-1, -1), True),
    "method 2, outside": Plan("relu", -1, (-1, -1), (0, 0), False),
}
# So many steps in a chunk: two make two segments of two chunks, three leave a part of a chunk at the end.
CHUNKS = {"fast weights, chunks of 2": 2, "two inner steps, chunks of 3": 3, "normalised rnn, chunks of 2": 2}
OPTIONS = ["zero state", "state", "lengths", "resets", "all"]


class Problem(NamedTuple):
    """A kernel, the equations that it stands for, and numbers to give them."""

    kernel: Kernel
    equations: object
    state_size: int
    width: int


def problem(name: str, hidden: int, outputs: int) -> Problem:
    rng = np.random.default_rng(3)

    def normal(*shape, scale=0.3):
        return jnp.asarray(scale * rng.standard_normal(shape), float)

    plan_name = name.split(", chunks")[0]
    if plan_name in PLANS:
        plan, chunk = PLANS[plan_name], CHUNKS.get(name, TIME)
        rows, sets = chunk + (chunk < TIME), 3
        # Without normalisation the answers grow as the cube of the state.
        scale = 0.01 if plan.outside == (0, 0) else 0.3
        weights = normal(rows, chunk + 2, scale=scale) if plan.inside else normal(0, 0)
        operands = normal(hidden, hidden), 1 + normal(sets, hidden), normal(sets, hidden), weights
        if name in CHUNKS:
            kernel = attending.kernel_in_chunks(plan, TIME, chunk, outputs, *operands)
        else:
            kernel = attending.kernel(plan, TIME, outputs, *operands)
        size = hidden + (hidden**2 if plan.inside else 0)
        return Problem(kernel, partial(recurrences.attending, plan, chunk, outputs), size, hidden)
    if name == "associative":
        hidden += hidden % 2
        heads, copies, weight = 2, 3, 0.7
        permutations = np.argsort(rng.random((copies, hidden // 2)), axis=1).astype(np.int32)
        width = (1 + 8 * heads) * hidden // 2
        tape_size = TIME * (width + (6 * heads + 2 * copies + 2) * (hidden // 2))
        size = (copies + 1) * hidden
        operands = (normal(width, hidden),)
        kernel = calls.native(
            "Associate",
            outputs,
            size,
            tape_size,
            operands,
            [bits(weight)],
            (permutations,),
        )
        equations = partial(recurrences.associative, permutations, heads, weight, outputs)
        return Problem(kernel, equations, size, width)
    norms = 5 if name == "normalised lstm" else 0
    operands = normal(4 * hidden, hidden), 1 + normal(norms, hidden), normal(norms, hidden)
    tape_size = TIME * (hidden * (7 + norms) + norms)
    kernel = calls.native("Lstm", outputs, 2 * hidden, tape_size, operands)
    return Problem(kernel, partial(recurrences.lstm, outputs), 2 * hidden, 4 * hidden)


def sequences_for(case: Problem, batch: int, option: str) -> Sequences:
    rng = np.random.default_rng(5)
    table = jnp.asarray(rng.standard_normal((SYMBOLS, case.width)), float)
    tokens = rng.integers(0, SYMBOLS, (batch, TIME)).astype(np.int32)
    state = jnp.asarray(rng.standard_normal((batch, case.state_size)), float)
    lengths = (np.arange(batch) * 3 % (TIME + 1)).astype(np.int32)  # 0 and TIME among them
    resets = rng.random((batch, TIME)) < 0.25
    return Sequences(
        table,
        tokens,
        state if option in ("state", "all") else None,
        lengths if option in ("lengths", "all") else None,
        resets if option in ("resets", "all") else None,
    )


def results_and_gradient(function, sequences, operands, weights):
    """All results, and the gradient of a number that depends on all of them, for all that is real."""

    def pull(table, state, operands):
        return function(sequences._replace(table=table, state=state), operands)

    results, pull_back = jax.vjp(pull, sequences.table, sequences.state, operands)
    return results, pull_back(weights)


@cache
def equations(name: str):
    """Compiled once for all options; takes what a kernel may be spared."""
    return quickly(partial(results_and_gradient, problem(name, 13, 5).equations))


def spelt_out(case: Problem, sequences: Sequences) -> Sequences:
    """The same, with arrays for what is not given."""
    batch, length = sequences.tokens.shape
    whole = Sequences(
        sequences.table,
        sequences.tokens,
        jnp.zeros((batch, case.state_size), sequences.table.dtype),
        np.full(batch, length, np.int32),
        np.zeros((batch, length), bool),
    )
    return Sequences(*(a if b is None else b for a, b in zip(whole, sequences, strict=True)))


def by_kernel(kernel, sequences, operands, weights):
    results, kept = kernel.forward(sequences, operands)
    jax.tree.map(np.testing.assert_array_equal, kernel.evaluate(sequences, operands), results)
    d_sequences, d_operands = kernel.backward(sequences, operands, kept, weights)
    return results, (d_sequences.table, d_sequences.state, d_operands)


def assert_equal(actual, expected, tolerance):
    for (path, a), b in zip(
        jax.tree_util.tree_leaves_with_path(actual), jax.tree.leaves(expected), strict=True
    ):
        scale = 1e-3 + np.max(np.abs(b), initial=0)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=jax.tree_util.keystr(path))


def cotangents(results):
    rng = np.random.default_rng(7)
    return jax.tree.map(lambda a: jnp.asarray(rng.standard_normal(a.shape), a.dtype), results)


NAMES = [*PLANS, *CHUNKS, "lstm", "normalised lstm", "associative"]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_computes_the_equations_and_their_gradient(name, option, float64):
    """More units than a panel of a product has rows, more sequences than a block has lanes."""
    case = problem(name, 13, 5)
    sequences = sequences_for(case, 11, option)
    operands = case.kernel.operands
    weights = cotangents(jax.eval_shape(case.kernel.evaluate, sequences, operands))
    actual = by_kernel(case.kernel, sequences, operands, weights)
    results, (d_table, d_state, d_operands) = equations(name)(spelt_out(case, sequences), operands, weights)
    expected = results, (d_table, None if sequences.state is None else d_state, d_operands)
    assert_equal(actual, expected, 1e-12)


def by_kernel_at_once(name, option):
    """The results and the gradient in the precision that JAX has now."""
    case = problem(name, 13, 5)
    sequences = sequences_for(case, 11, option)
    weights = cotangents(jax.eval_shape(case.kernel.evaluate, sequences, case.kernel.operands))
    return by_kernel(case.kernel, sequences, case.kernel.operands, weights)


@pytest.mark.parametrize("option", ["zero state", "all"])
@pytest.mark.parametrize("name", NAMES)
def test_single_precision_too(name, option):
    results, gradient = by_kernel_at_once(name, option)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves((results, gradient)))
    with jax.enable_x64(True):
        expected, expected_gradient = by_kernel_at_once(name, option)
    assert_equal(results, expected, 1e-5)
    assert_equal(gradient, expected_gradient, 1e-4)
