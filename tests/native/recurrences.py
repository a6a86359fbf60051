"""The recurrences of the kernels, for one sequence step by step, as the equations stand in native/."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from fastweights.native.attending import Plan
from fastweights.native.calls import Sequences

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}
Step = Callable[[Any, Array, Array], tuple[Any, Array]]


def run(
    sequences: Sequences, outputs: int, start: Callable[[Array], Any], step: Step, last: Callable, size: int
):
    """The outputs and last states of all sequences; `start` makes a state of its `size` numbers."""
    table, tokens, given, lengths, resets = sequences
    batch, length = tokens.shape
    zeros = jnp.zeros((batch, size), table.dtype)
    lengths = np.full(batch, length) if lengths is None else lengths
    resets = np.zeros((batch, length), bool) if resets is None else resets

    def choose(condition, a, b):
        return jax.tree.map(lambda a, b: jnp.where(condition, a, b), a, b)

    def one(tokens, given, length, resets):
        def now(state, at):
            t, token, reset = at
            runs = t < length
            state = choose(reset & runs, start(zeros[0]), state)
            after, output = step(state, t, jnp.where(runs, table[token], 0))
            return choose(runs, after, state), jnp.where(runs, output, 0)

        state, rows = lax.scan(now, start(given), (jnp.arange(len(tokens)), tokens, resets))
        return rows[len(rows) - outputs :], last(state)

    return jax.vmap(one)(tokens, zeros if given is None else given, lengths, resets)


def layer_norm(x: Array, gain: Array, bias: Array) -> Array:
    centred = x - jnp.mean(x)
    return gain * centred / jnp.sqrt(jnp.mean(centred**2) + 1e-5) + bias


def attending(plan: Plan, chunk: int, outputs: int, sequences: Sequences, operands: tuple[Array, ...]):
    """The state is h, the memory M, and all h(τ) from before the chunk on; zeros for what is not seen.

    Where a chunk begins, but for the first, M takes up those of the last one except the newest.
    """
    recurrent, gains, biases, weights = operands
    units = len(recurrent)
    f = ACTIVATIONS[plan.activation]

    def norm(chosen: int, x: Array) -> Array:
        return x if chosen < 0 else layer_norm(x, gains[chosen], biases[chosen])

    def start(row):
        past = jnp.zeros((chunk + 1, units), row.dtype).at[0].set(row[:units])
        return row[:units], row[units:].reshape(-1, units), past

    def step(state, t, projection):
        hidden, memory, past = state
        begins, now = (t > 0) & (t % chunk == 0), t % chunk
        if plan.inside:
            older = weights[-1, 0] * memory + (weights[-1, 1:-1, None] * past[:-1]).T @ past[:-1]
            memory = jnp.where(begins, older, memory)
        past = jnp.where(begins, jnp.zeros_like(past).at[0].set(hidden), past)
        summed = recurrent @ hidden + projection
        hidden = f(norm(plan.preliminary, summed))
        for inside, outside in zip(plan.inside, plan.outside, strict=True):
            total = norm(outside, summed if plan.sustained else hidden)
            total += weights[now, 0] * (memory @ hidden) + past.T @ (weights[now, 1:] * (past @ hidden))
            hidden = f(norm(inside, total))
        return (hidden, memory, past.at[now + 1].set(hidden)), hidden

    size = units + (units**2 if plan.inside else 0)
    return run(sequences, outputs, start, step, lambda state: state[0], size)


def lstm(outputs: int, sequences: Sequences, operands: tuple[Array, ...]):
    recurrent, gains, biases = operands
    units = recurrent.shape[1]

    def norm(n: int, x: Array) -> Array:
        return layer_norm(x, gains[n], biases[n]) if len(gains) else x

    def step(state, t, projection):
        cell, hidden = state
        i, f, o, g = (norm(n, x) for n, x in enumerate(jnp.split(recurrent @ hidden + projection, 4)))
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        hidden = jax.nn.sigmoid(o) * jnp.tanh(norm(4, cell))
        return jnp.stack([cell, hidden]), hidden

    return run(sequences, outputs, lambda row: row.reshape(2, -1), step, jnp.ravel, 2 * units)


def associative(
    permutations: np.ndarray, heads: int, weight: float, outputs: int, sequences: Sequences, operands
):
    """The state is the copies of the memory and h, as complex numbers."""
    (recurrent,) = operands
    copies, half = permutations.shape

    def numbers(z: Array) -> Array:
        return jnp.concatenate([z.real, z.imag], axis=-1)

    def whole(x: Array) -> Array:
        return x[..., :half] + 1j * x[..., half:]

    def bound(z: Array) -> Array:
        return z / jnp.sqrt(jnp.maximum(1, z.real**2 + z.imag**2))

    def step(state, t, projection):
        summed = recurrent @ numbers(state[-1]) + projection
        gates, vectors = jnp.split(summed, [(1 + 2 * heads) * half])
        forget_gate, *gates = jax.nn.sigmoid(gates).reshape(-1, half)
        values, keys, queries = bound(whole(vectors.reshape(3, heads, -1)))
        memory = forget_gate * state[:-1]
        for gate, value, key in zip(gates[:heads], values, keys, strict=True):
            memory += key[permutations] * (gate * value)
        hidden = weight * sum(
            gate * bound(jnp.mean(query[permutations] * memory, axis=0))
            for gate, query in zip(gates[heads:], queries, strict=True)
        )
        return jnp.concatenate([memory, hidden[None]]), numbers(hidden)

    size = 2 * (copies + 1) * half
    return run(
        sequences,
        outputs,
        lambda row: whole(row.reshape(copies + 1, -1)),
        step,
        lambda state: numbers(state).reshape(-1),
        size,
    )
