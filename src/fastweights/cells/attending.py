"""A recurrence that attends to its own past, unrolled over time with its derivative written by hand.

    u(t) = W h(t−1) + projection(t),   h_0 = preliminary(u(t))
    r_s = before(s, u(t), h_s) + Σ_{τ<t} w(t, τ) h(τ) [h(τ)ᵀ h_s],   h_{s+1} = after(s, r_s)
    h(t) = h_S

The sum is a symmetric matrix M(t) applied to h_s. The cotangent of h_s is therefore M(t) applied to the
cotangent g_s of r_s; and the cotangent of h(τ) collects, from every later t,
w(t, τ) [(h_sᵀ h(τ)) g_s + (g_sᵀ h(τ)) h_s]: two hetero-associative reads of a memory of what comes
later. So both passes are made of `attend`, and only O(T R) numbers a column are kept, where
differentiating the matrix form keeps O(T R²).

Cost for each column: 2 T² R S operations forward for the sums, three times that backward.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fastweights.memories import attend
from fastweights.native.calls import Kernel
from fastweights.numerics import materialise
from fastweights.types import Column, Columns

Parameters = Any


class StepFunctions(NamedTuple):
    """The functions of a step; pure, with all their arrays in the parameters."""

    preliminary: Callable[[Parameters, Column], Column]
    before: Callable[[Parameters, int, Column, Column], Column]
    after: Callable[[Parameters, int, Column], Column]


class Trace(NamedTuple):
    """What the forward pass computed: h(t) and u(t); h_s and r_s, one array for each inner step."""

    hiddens: Columns
    summed: Columns
    queries: tuple[Columns, ...]
    read: tuple[Columns, ...]


def trace_attending(
    functions: StepFunctions,
    inner_steps: int,
    parameters: Parameters,
    recurrent: Float[Array, "hidden hidden"],
    projections: Columns,
    weights: Float[Array, "time time"],
) -> Trace:
    """The forward pass, everything kept. `weights[t, τ]` is read for τ < t only."""

    def step(carry, now):
        hiddens, hidden, t = carry
        projection, row = now
        summed = recurrent @ hidden + projection
        hidden = functions.preliminary(parameters, summed)
        queries, read = [], []
        for s in range(inner_steps):
            queries.append(hidden)
            total = functions.before(parameters, s, summed, hidden)
            read.append(attend(hiddens, hiddens, row, hidden, 0, t, total))
            hidden = functions.after(parameters, s, read[s])
        hiddens = lax.dynamic_update_index_in_dim(hiddens, hidden, t, 0)
        return (hiddens, hidden, t + 1), (summed, tuple(queries), tuple(read))

    first = (jnp.zeros_like(projections), jnp.zeros_like(projections[0]), 0)
    (hiddens, _, _), kept = lax.scan(step, first, (projections, weights))
    return Trace(hiddens, *kept)


def attending_kernel(
    functions: StepFunctions,
    inner_steps: int,
    parameters: Parameters,
    recurrent: Float[Array, "hidden hidden"],
    weights: Float[Array, "time time"],
) -> Kernel:
    """h(1) … h(T) as a function of the projections.

    Give `parameters` with the batch axis written out: their cotangents are then summed over the batch
    once, outside, and not at every step.
    """

    def forward(projections, _, operands):
        parameters, recurrent, weights = operands
        trace = trace_attending(functions, inner_steps, parameters, recurrent, projections, weights)
        return trace.hiddens, trace

    def backward(_inputs, _constants, operands, trace, d_hiddens):
        return _backward(functions, inner_steps, operands, trace, d_hiddens)

    return Kernel((parameters, recurrent, weights), lambda *arrays: forward(*arrays)[0], forward, backward)


def _backward(functions, inner_steps, operands, trace, d_hiddens):
    parameters, recurrent, weights = operands
    length = len(d_hiddens)
    recurrent_transposed = recurrent.T

    def step(carry, now):
        d_hidden, d_read, d_parameters = carry
        t, d_output, row, column, hidden, summed, queries, read = now
        d_hidden += d_output
        for query, d_later in zip(trace.queries, d_read, strict=True):
            d_hidden = attend(query, d_later, column, hidden, t + 1, length, d_hidden)
            d_hidden = attend(d_later, query, column, hidden, t + 1, length, d_hidden)
        d_summed = jnp.zeros_like(summed)
        d_read = list(d_read)
        for s in reversed(range(inner_steps)):
            total = materialise(read[s], t)
            _, pull_back = jax.vjp(lambda p, r, s=s: functions.after(p, s, r), parameters, total)
            d_after, d_now = pull_back(d_hidden)
            d_now = materialise(d_now, t)
            _, pull_back = jax.vjp(
                lambda p, u, h, s=s: functions.before(p, s, u, h), parameters, summed, queries[s]
            )
            d_before, d_through, d_query = pull_back(d_now)
            d_parameters = jax.tree.map(lambda *d: sum(d), d_parameters, d_after, d_before)
            d_summed += d_through
            d_read[s] = lax.dynamic_update_index_in_dim(d_read[s], d_now, t, 0)
            d_hidden = attend(trace.hiddens, trace.hiddens, row, d_now, 0, t, d_query)
        _, pull_back = jax.vjp(functions.preliminary, parameters, summed)
        d_preliminary, d_through = pull_back(d_hidden)
        d_parameters = jax.tree.map(jnp.add, d_parameters, d_preliminary)
        d_summed += d_through
        return (recurrent_transposed @ d_summed, tuple(d_read), d_parameters), d_summed

    zeros = jnp.zeros_like(d_hiddens)
    last = (zeros[0], (zeros,) * inner_steps, jax.tree.map(jnp.zeros_like, parameters))
    times = (jnp.arange(length), d_hiddens, weights, weights.T, *trace)
    (_, d_read, d_parameters), d_projections = lax.scan(step, last, times, reverse=True)

    # A product for each time and a sum: XLA makes one slow product of both axes contracted at once.
    d_recurrent = jnp.einsum("trb,tqb->trq", d_projections[1:], trace.hiddens[:-1]).sum(axis=0)
    # Where the weights are not differentiated, as in training, the compiler drops this.
    d_weights = jnp.zeros_like(weights)
    for query, d_now in zip(trace.queries, d_read, strict=True):
        matches = jnp.einsum("trb,qrb->tqb", query, trace.hiddens)
        d_matches = jnp.einsum("trb,qrb->tqb", d_now, trace.hiddens)
        d_weights += jnp.tril(jnp.sum(matches * d_matches, axis=-1), -1)
    return d_projections, (d_parameters, d_recurrent, d_weights)
