"""The derivative of the last state of fast weights for an earlier one, as a formula of matrices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights
from fastweights.theory.fast_weights.layer_norm_jacobian import deviation, jacobian
from fastweights.theory.gradients.state_jacobians import norms

Vector = Float[np.ndarray, " units"]
Matrix = Float[np.ndarray, "units units"]
Matrices = Float[np.ndarray, "_ units units"]


def of_state(state: Vector, query: Vector) -> Matrix:
    """The derivative of h [hᵀ q] for h: (hᵀ q) I + h qᵀ."""
    return (state @ query) * np.eye(len(state)) + np.outer(state, query)


@dataclass(frozen=True)
class FastMemoryFormula:
    """The recursion for D(T) = ∂h(T)/∂h(τ), τ = 1 … T − 1, from the matrices of every step of a sequence."""

    after: Matrices
    """P(t) = diag(f′) J, with J the Jacobian of the normalisation."""
    by_state: Matrices
    """(I + A(t−1) F(t)) W."""
    jumps: Float[np.ndarray, "time time units units"]
    """η λ^(t−1−σ) [(h(σ)ᵀ h_0(t)) I + h(σ) h_0(t)ᵀ], by t and σ < t."""
    last_pulls: Matrices
    """P(T) [(h(τ)ᵀ h_0) I + h(τ) h_0ᵀ]: the direct term without its weight."""
    conditioning: float
    """The largest κ² of a normalisation."""

    def full(self) -> Matrices:
        """D(T) along all paths."""
        return self._derivatives(jump=True)

    def recurrent(self) -> Matrices:
        """D(T) without the jumps through the memory."""
        return self._derivatives(jump=False)

    def direct(self) -> Matrices:
        """The part of D(T) that jumps from h(τ) to h(T)."""
        return self.after[-1] @ self.jumps[-1, :-1]

    def recurrent_bounds(self) -> Float[np.ndarray, " earlier"]:
        """Π_{t>τ} ‖P(t) (I + A(t−1) F(t)) W‖."""
        return np.cumprod(norms(self.after[1:] @ self.by_state[1:])[::-1])[::-1]

    def _derivatives(self, jump: bool) -> Matrices:
        steps, ends = len(self.after), []
        for since in range(steps - 1):
            slopes = {since: np.eye(self.after.shape[-1])}
            for t in range(since + 1, steps):
                total = self.by_state[t] @ slopes[t - 1]
                for state in range(since, t) if jump else ():
                    total = total + self.jumps[t, state] @ slopes[state]
                slopes[t] = self.after[t] @ total
            ends.append(slopes[steps - 1])
        return np.stack(ends)


def formula(
    cell: FastWeights,
    projections: Float[np.ndarray, "time units"],
    outputs: Float[np.ndarray, "time units"],
    weight: Callable[[float, int], float],
    pull: Callable[[Vector, Vector], Matrix],
    of: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> FastMemoryFormula:
    """The formula at a run's states, given λ^age and the derivative of h [hᵀ q]. With `of=abs` it yields the
    sizes of the formula's terms; states and queries are not negative."""
    steps, units = outputs.shape
    recurrent, decay, rate = np.asarray(cell.recurrent), float(cell.decay), float(cell.write_rate)
    summed = np.concatenate([np.zeros((1, units)), outputs[:-1]]) @ recurrent.T + projections
    queries = np.maximum(summed, 0)
    ages = np.arange(steps)[:, None] - 1 - np.arange(steps)
    weights = np.where(ages >= 0, decay ** np.maximum(ages, 0), 0)
    memories = rate * np.einsum("ti,iv,ik->tvk", weights, outputs, outputs)  # A(t−1), by equation 3
    reads = summed + np.einsum("tvk,tk->tv", memories, queries)
    gain = np.asarray(cell.norms.gains)[0]
    after = (outputs > 0)[..., None] * of(np.stack([jacobian(read, gain) for read in reads]))
    jumps = np.zeros((steps, steps, units, units))
    for t in range(steps):
        for state in range(t):
            jumps[t, state] = rate * weight(decay, t - 1 - state) * pull(outputs[state], queries[t])
    return FastMemoryFormula(
        after,
        (np.eye(units) + of(memories) * (summed > 0)[:, None]) @ of(recurrent),
        jumps,
        after[-1] @ np.stack([of_state(state, queries[-1]) for state in outputs[:-1]]),
        max(1 + 2 * abs(read).max() / deviation(read) for read in reads) ** 2,
    )
