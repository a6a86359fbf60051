"""The derivative of the last state of fast weights for an earlier one, as a formula of matrices."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights
from fastweights.theory.fast_weights.layer_norm_jacobian import jacobian

Vector = Float[np.ndarray, " units"]
Matrix = Float[np.ndarray, "units units"]
Matrices = Float[np.ndarray, "*batch earlier units units"]


def of_state(state: Vector, query: Vector) -> Matrix:
    """The derivative of h [hᵀ q] for h: (hᵀ q) I + h qᵀ."""
    return (state @ query) * np.eye(len(state)) + np.outer(state, query)


class FastMemoryFormula(NamedTuple):
    """D(T) = ∂h(T)/∂h(τ), for τ = 1 … T − 1, and what bounds it."""

    full: Matrices
    """D(T) along all paths."""
    recurrent: Matrices
    """D(T) without the jumps through the memory."""
    direct: Matrices
    """The part of D(T) that jumps from h(τ) to h(T)."""
    last_pulls: Matrices
    """P(T) [(h(τ)ᵀ h_0) I + h(τ) h_0ᵀ]: the direct part without its weight."""
    factors: Float[np.ndarray, "*batch later units units"]
    """P(t) (I + A(t−1) F(t)) W, for t = 2 … T: the steps without the jumps."""
    reads: Float[np.ndarray, "*batch time units"]
    """r(t), what is normalised."""


def formulas(
    cell: FastWeights,
    projections: Float[np.ndarray, "batch time units"],
    outputs: Float[np.ndarray, "batch time units"],
    weight: Callable[[float, int], float],
    pull: Callable[[Vector, Vector], Matrix],
    of: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> FastMemoryFormula:
    """The formula at the states of each sequence, given λ^age and the derivative of h [hᵀ q]. With
    `of=abs`, the sizes of its terms; states and queries are not negative."""
    each = [_formula(cell, *one, weight, pull, of) for one in zip(projections, outputs, strict=True)]
    return FastMemoryFormula(*map(np.stack, zip(*each, strict=True)))


def _formula(cell, projections, outputs, weight, pull, of) -> FastMemoryFormula:
    (steps, units), decay, rate = outputs.shape, float(cell.decay), float(cell.write_rate)
    recurrent, gain = np.asarray(cell.recurrent), np.asarray(cell.norms.gains)[0]
    summed = np.concatenate([np.zeros((1, units)), outputs[:-1]]) @ recurrent.T + projections
    queries = np.maximum(summed, 0)
    ages = np.arange(steps)[:, None] - 1 - np.arange(steps)
    weights = np.tril(decay ** abs(ages), -1)  # survives: NumPy takes the whole part of −1.15, which is −1
    memories = rate * np.einsum("ti,iv,ik->tvk", weights, outputs, outputs)  # A(t−1), by equation 3
    reads = summed + np.einsum("tvk,tk->tv", memories, queries)
    by_state = (np.eye(units) + of(memories) * (summed > 0)[:, None]) @ of(recurrent)
    after = (outputs > 0)[..., None] * of(np.stack([jacobian(read, gain) for read in reads]))
    jumps = np.zeros((steps, steps, units, units))
    for t in range(steps):
        for state in range(t):
            jumps[t, state] = rate * weight(decay, t - 1 - state) * pull(outputs[state], queries[t])
    return FastMemoryFormula(
        _derivatives(after, by_state, jumps),
        _derivatives(after, by_state, np.zeros_like(jumps)),
        after[-1] @ jumps[-1, :-1],
        after[-1] @ np.stack([of_state(state, queries[-1]) for state in outputs[:-1]]),
        after[1:] @ by_state[1:],
        reads,
    )


def _derivatives(
    after: Float[np.ndarray, "time units units"],
    by_state: Float[np.ndarray, "time units units"],
    jumps: Float[np.ndarray, "time time units units"],
) -> Matrices:
    """D(t) = P(t) {(I + A(t−1) F(t)) W D(t−1) + Σ_{τ≤σ<t} jump(t, σ) D(σ)} up to t = T, for each τ."""
    steps, ends = len(after), []
    for since in range(steps - 1):
        slopes = np.zeros_like(after)
        slopes[since] = np.eye(after.shape[-1])
        for t in range(since + 1, steps):
            slopes[t] = after[t] @ (
                by_state[t] @ slopes[t - 1] + (jumps[t, since:t] @ slopes[since:t]).sum(0)
            )
        ends.append(slopes[-1])
    return np.stack(ends)
