"""A fast recurrence with a derivative written by hand: all other derivatives are those of the plain form.

Mapped over sequences it is one call.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from cases import quickly
from fastweights.native.calls import Sequences
from fastweights.native.derivatives import recurrence

SYMBOLS, PROJECTION, TIME, BATCH, MODELS = 5, 2, 3, 7, 2


def plain(model, sequences):
    """Two results: one for each step and one for each sequence."""
    rows = jnp.sin(sequences.table[sequences.tokens]) * model["gain"] * model["factor"]
    return rows, jnp.cos(sequences.state) * rows.sum(axis=1)


class Spy:
    """`plain` by another way, that counts the calls and the sequences in each."""

    def __init__(self):
        self.evaluated, self.pulled_back = [], []

    def evaluate(self, model, sequences):
        self.evaluated.append(len(sequences.tokens))
        return plain(model, sequences)

    def forward(self, model, sequences):
        return plain(model, sequences), jnp.sin(sequences.table[sequences.tokens])

    def backward(self, model, sequences, sines, cotangents):
        self.pulled_back.append(len(sequences.tokens))
        table, tokens, state, *_ = sequences
        d_rows, d_states = (0.0 if d is None else d for d in cotangents)
        d_rows += (jnp.cos(state) * d_states)[:, None]
        factor = model["gain"] * model["factor"]
        d_table = jnp.zeros_like(table).at[tokens].add(jnp.cos(table[tokens]) * factor * d_rows)
        d_gain = jnp.sum(sines * model["factor"] * d_rows, axis=(0, 1))
        d_state = -jnp.sin(state) * (sines * factor).sum(axis=1) * d_states
        return {"factor": None, "gain": d_gain}, Sequences(d_table, None, d_state)


def fast(spy=None):
    spy = spy or Spy()
    return recurrence(plain, spy.evaluate, spy.forward, spy.backward)


class Numbers(NamedTuple):
    """What the functions are asked about; numbers alike for all tests."""

    gains: Array
    tables: Array
    tokens: Array
    states: Array

    @classmethod
    def draw(cls) -> "Numbers":
        rng = np.random.default_rng(0)
        gains = rng.standard_normal((MODELS, PROJECTION))
        tables = rng.standard_normal((BATCH, SYMBOLS, PROJECTION))
        tokens = rng.integers(0, SYMBOLS, (BATCH, TIME)).astype(np.int32)
        states = rng.standard_normal((BATCH, PROJECTION))
        return cls(*map(jnp.asarray, (gains, tables, tokens, states)))


def number(function, tokens, gain, table, state):
    """A number that depends on all results of a batch."""
    model = {"gain": gain, "factor": jnp.array([2, 3])}
    rows, states = function(model, Sequences(table, tokens, state))
    return jnp.sum(rows**2) + jnp.sum(states**3)


def alone(function, gain, table, state, tokens):
    """The same of one sequence."""
    return number(function, tokens[None], gain, table, state[None])


def of_all(function, mapped=(None, None, 0, 0)):
    """The numbers of all sequences; each has a table of its own, if tables are mapped."""
    return jax.vmap(partial(alone, function), mapped)


def in_models(function, tokens, gains, table, states):
    """The numbers of all sequences in all models."""
    return jax.vmap(lambda gain: of_all(function)(gain, table, states, tokens))(gains)


def in_models_of_each(function, tokens, gains, table, states):
    """The same, mapped the other way round."""

    def of_one(state, tokens):
        return jax.vmap(lambda gain: alone(function, gain, table, state, tokens))(gains)

    return jax.vmap(of_one)(states, tokens).T


def total(mapped):
    return lambda *arrays: jnp.sum(jnp.sin(mapped(*arrays)))


def transformations(f):
    """By name, everything that is asked of a function; each a function of nothing."""
    gains, tables, tokens, states = Numbers.draw()
    x, direction = (gains[0], tables[0], states), (gains[1], tables[1], states[::-1])
    of_batch, one = partial(number, f, tokens), partial(alone, f)
    every, own_tables = of_all(f), of_all(f, (None, 0, 0, 0))
    models, swapped = partial(in_models, f, tokens), partial(in_models_of_each, f, tokens)
    every_one, all_models = (None, None, 0, 0), (gains, *x[1:])
    arguments = (0, 1, 2)

    def in_a_loop(gain):
        step = lambda s, _: (s + of_batch(gain, *x[1:]) * s, None)  # noqa: E731
        return jax.lax.scan(step, gain, length=3)[0].sum()

    return {
        "gradient": lambda: jax.grad(of_batch, arguments)(*x),
        "gradient for one": lambda: jax.grad(of_batch, 2)(*x),
        "forward": lambda: jax.jvp(of_batch, x, direction),
        "forward for one": lambda: jax.jacfwd(of_batch)(*x),
        "forward over reverse": lambda: jax.hessian(of_batch, (0, 2))(*x),
        "reverse over reverse": lambda: jax.jacrev(jax.jacrev(of_batch, (0, 2)), (0, 2))(*x),
        "reverse over forward": lambda: jax.jacrev(jax.jacfwd(of_batch))(*x),
        "third": lambda: jax.jacfwd(jax.hessian(of_batch))(*x),
        "mapped": lambda: every(*x, tokens),
        "mapped with tables": lambda: own_tables(x[0], tables, states, tokens),
        "mapped over last axes": lambda: of_all(f, (None, None, 1, 1))(*x[:2], states.T, tokens.T),
        "mapped over tables alone": lambda: jax.vmap(of_batch, (None, 0, None))(x[0], tables, states),
        "models": lambda: models(*all_models),
        "models of each sequence": lambda: swapped(*all_models),
        "models with tables": lambda: jax.vmap(of_batch, (0, 0, None))(gains, tables[:2], states),
        "gradient of mapped": lambda: jax.grad(total(every), arguments)(*x, tokens),
        "gradient of mapped with tables": lambda: jax.grad(total(own_tables), arguments)(
            x[0], tables, states, tokens
        ),
        "gradient of models": lambda: jax.grad(total(models), arguments)(*all_models),
        "gradient of models of each": lambda: jax.grad(total(swapped), arguments)(*all_models),
        "gradients of each": lambda: jax.vmap(jax.grad(one, arguments), every_one)(*x, tokens),
        "gradients of each model": lambda: jax.vmap(jax.grad(of_batch, arguments), (0, None, None))(
            *all_models
        ),
        "hessian of mapped": lambda: jax.hessian(total(every), (0, 2))(*x, tokens),
        "mapped hessian": lambda: jax.vmap(jax.hessian(one), every_one)(*x, tokens),
        "mapped forward": lambda: jax.vmap(lambda v: jax.jvp(of_batch, x, (v, *direction[1:])))(gains),
        "checkpointed": lambda: jax.grad(jax.checkpoint(of_batch))(*x),
        "in a loop": lambda: jax.grad(in_a_loop)(x[0]),
    }


# Also one operation at a time, as without `jit`: each is compiled alone, so only the first derivatives.
FIRST = ["gradient", "gradient for one", "forward", "mapped", "mapped with tables", "gradients of each"]


def at_once(functions):
    """What all of them give, by one program."""
    return quickly(lambda: {name: function() for name, function in functions.items()})()


@pytest.fixture(scope="module")
def compiled():
    """What the fast form gives, and what the plain one gives."""
    with jax.enable_x64(True):
        return at_once(transformations(fast())), at_once(transformations(plain))


def assert_close(actual, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9), actual, expected)


@pytest.mark.parametrize("name", transformations(plain))
def test_all_is_as_in_the_plain_form(name, compiled):
    actual, expected = compiled
    assert_close(actual[name], expected[name])


@pytest.mark.parametrize("name", FIRST)
def test_without_compilation_too(name, compiled, float64):
    _, expected = compiled
    assert_close(transformations(fast())[name](), expected[name])


def test_a_mapping_over_sequences_is_one_call_and_its_gradient_another():
    spy, (gains, tables, tokens, states) = Spy(), Numbers.draw()
    every, own_tables = of_all(fast(spy)), of_all(fast(spy), (None, 0, 0, 0))
    jax.eval_shape(every, gains[0], tables[0], states, tokens)
    assert max(spy.evaluated) == BATCH
    jax.make_jaxpr(jax.grad(total(every)))(gains[0], tables[0], states, tokens)
    jax.make_jaxpr(jax.grad(total(own_tables)))(gains[0], tables, states, tokens)
    assert spy.pulled_back == [BATCH, BATCH]


def test_the_first_derivative_backward_is_the_one_by_hand():
    spy, (gains, tables, tokens, states) = Spy(), Numbers.draw()
    f = partial(number, fast(spy), tokens)
    x = gains[0], tables[0], states
    program = str(jax.make_jaxpr(jax.grad(f))(*x))
    assert spy.pulled_back == [BATCH]
    assert "fastweights_linear" not in program
    jax.jvp(f, x, x)
    assert spy.pulled_back == [BATCH]
