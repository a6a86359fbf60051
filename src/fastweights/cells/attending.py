"""A recurrence that attends to its own past, unrolled over time with its derivative written by hand.

    summed(t) = W h(t−1) + drive(t)
    h_0 = preliminary(summed(t))
    h_{s+1} = settle(s, summed(t), h_s, reading_s),   reading_s = Σ_{τ<t} w(t, τ) h(τ) [h(τ)ᵀ h_s]
    h(t) = h_S

The sum is a symmetric matrix M(t) applied to h_s. The cotangent of the query is therefore M(t) applied
to the cotangent of the reading; and the cotangent of h(τ) collects, from every later t,
w(t, τ) [(h_sᵀ h(τ)) g_s + (g_sᵀ h(τ)) h_s], with g_s the cotangent of reading_s: two hetero-associative
reads of a memory of what comes later. So both passes are made of `attend`, and only O(T R) numbers a
column are kept, where differentiating the matrix form keeps O(T R²).

Cost for each column: 2 T² R S operations forward for the readings, three times that backward.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fastweights.memories import attend
from fastweights.types import Column, Columns

Parameters = Any
Preliminary = Callable[[Parameters, Column], Column]
Settle = Callable[[Parameters, int, Column, Column, Column], Column]


class Trace(NamedTuple):
    """What the forward pass computed; queries and readings hold one array for each inner step."""

    hiddens: Columns
    summed: Columns
    queries: tuple[Columns, ...]
    readings: tuple[Columns, ...]


def trace_attending(
    preliminary: Preliminary,
    settle: Settle,
    inner_steps: int,
    parameters: Parameters,
    recurrent: Float[Array, "hidden hidden"],
    drives: Columns,
    weights: Float[Array, "time time"],
) -> Trace:
    """The forward pass, everything kept. `weights[t, τ]` is read for τ < t only."""

    def step(carry, now):
        hiddens, hidden, t = carry
        drive, row = now
        summed = recurrent @ hidden + drive
        hidden = preliminary(parameters, summed)
        queries, readings = [], []
        for s in range(inner_steps):
            reading = attend(hiddens, hiddens, row, hidden, 0, t)
            queries.append(hidden)
            readings.append(reading)
            hidden = settle(parameters, s, summed, hidden, reading)
        hiddens = lax.dynamic_update_index_in_dim(hiddens, hidden, t, 0)
        return (hiddens, hidden, t + 1), (summed, tuple(queries), tuple(readings))

    first = (jnp.zeros_like(drives), jnp.zeros_like(drives[0]), 0)
    (hiddens, _, _), kept = lax.scan(step, first, (drives, weights))
    return Trace(hiddens, *kept)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def unroll_attending(
    preliminary: Preliminary,
    settle: Settle,
    inner_steps: int,
    parameters: Parameters,
    recurrent: Float[Array, "hidden hidden"],
    drives: Columns,
    weights: Float[Array, "time time"],
) -> Columns:
    """h(1) … h(T). The functions must be pure, and get all arrays that they use through `parameters`.

    Give `parameters` with the batch axis written out: their cotangents are then summed over the batch
    once, outside, and not at every step.
    """
    return trace_attending(
        preliminary, settle, inner_steps, parameters, recurrent, drives, weights
    ).hiddens


def _forward(preliminary, settle, inner_steps, parameters, recurrent, drives, weights):
    trace = trace_attending(
        preliminary, settle, inner_steps, parameters, recurrent, drives, weights
    )
    return trace.hiddens, (parameters, recurrent, weights, trace)


def _backward(preliminary, settle, inner_steps, residuals, d_hiddens):
    parameters, recurrent, weights, trace = residuals
    length = len(d_hiddens)
    recurrent_transposed = recurrent.T

    def step(carry, now):
        d_hidden, d_readings, d_parameters = carry
        t, d_output, row, column, hidden, summed, queries, readings = now
        d_hidden = d_hidden + d_output
        for query, d_reading in zip(trace.queries, d_readings, strict=True):
            d_hidden += attend(query, d_reading, column, hidden, t + 1, length)
            d_hidden += attend(d_reading, query, column, hidden, t + 1, length)
        d_summed = jnp.zeros_like(summed)
        d_readings = list(d_readings)
        for s in reversed(range(inner_steps)):
            _, pull_back = jax.vjp(
                lambda p, u, h, r, s=s: settle(p, s, u, h, r),
                parameters,
                summed,
                queries[s],
                readings[s],
            )
            d_more, d_through, d_query, d_reading = pull_back(d_hidden)
            d_parameters = jax.tree.map(jnp.add, d_parameters, d_more)
            d_summed += d_through
            d_readings[s] = lax.dynamic_update_index_in_dim(d_readings[s], d_reading, t, 0)
            d_hidden = d_query + attend(trace.hiddens, trace.hiddens, row, d_reading, 0, t)
        _, pull_back = jax.vjp(preliminary, parameters, summed)
        d_more, d_through = pull_back(d_hidden)
        d_parameters = jax.tree.map(jnp.add, d_parameters, d_more)
        d_summed += d_through
        return (recurrent_transposed @ d_summed, tuple(d_readings), d_parameters), d_summed

    zeros = jnp.zeros_like(d_hiddens)
    last = (zeros[0], (zeros,) * inner_steps, jax.tree.map(jnp.zeros_like, parameters))
    times = (jnp.arange(length), d_hiddens, weights, weights.T, *trace)
    (_, d_readings, d_parameters), d_drives = lax.scan(step, last, times, reverse=True)

    # A product for each time and a sum: XLA makes one slow product of both axes contracted at once.
    d_recurrent = jnp.einsum("trb,tqb->trq", d_drives[1:], trace.hiddens[:-1]).sum(axis=0)
    # Where the weights are not differentiated, as in training, the compiler drops this.
    d_weights = jnp.zeros_like(weights)
    for query, d_reading in zip(trace.queries, d_readings, strict=True):
        matches = jnp.einsum("trb,qrb->tqb", query, trace.hiddens)
        d_matches = jnp.einsum("trb,qrb->tqb", d_reading, trace.hiddens)
        d_weights += jnp.tril(jnp.sum(matches * d_matches, axis=-1), -1)
    return d_parameters, d_recurrent, d_drives, d_weights


unroll_attending.defvjp(_forward, _backward)
