"""The recurrences in NumPy, forward and backward by hand; columns are sequences.

`forward(weights, projections)` gives h(T) and a tape; `backward(weights, tape, d_hidden)` the gradients of
the cell's own weights and of the projections. Shapes: projections (time, rows, batch), h (R, batch).
"""

from typing import NamedTuple

import numpy as np

from fastweights.bench.baselines.base import Weights
from fastweights.bench.cases import DECAY, WRITE_RATE


class Tape(NamedTuple):
    """h(0) … h(T), and what else the cell keeps of each step."""

    hiddens: np.ndarray
    kept: list[tuple[np.ndarray, ...]]


class _Cell:
    """What the cells share: h(0) = 0, and W's gradient from those of the summed inputs."""

    def forward(self, weights: Weights, projections: np.ndarray) -> tuple[np.ndarray, Tape]:
        time, _, batch = projections.shape
        hiddens = np.zeros((time + 1, weights["cell.recurrent"].shape[1], batch), projections.dtype)
        tape = Tape(hiddens, [])
        for t in range(time):
            summed = weights["cell.recurrent"] @ hiddens[t] + projections[t]
            hiddens[t + 1], kept = self.step(weights, tape, t, summed)
            tape.kept.append(kept)
        return hiddens[-1], tape

    def backward(self, weights: Weights, tape: Tape, d_hidden: np.ndarray) -> tuple[Weights, np.ndarray]:
        time = len(tape.kept)
        d_hiddens = np.zeros_like(tape.hiddens)
        d_hiddens[-1] = d_hidden
        gradients: Weights = {"cell.recurrent": np.zeros_like(weights["cell.recurrent"])}
        d_projections = np.empty((time, len(weights["cell.recurrent"]), d_hidden.shape[1]), d_hidden.dtype)
        carried = np.zeros_like(d_hidden)
        for t in reversed(range(time)):
            d_projections[t], carried = self.step_back(weights, tape, t, d_hiddens, carried, gradients)
            gradients["cell.recurrent"] += d_projections[t] @ tape.hiddens[t].T
            d_hiddens[t] += weights["cell.recurrent"].T @ d_projections[t]
        return gradients, d_projections

    def step(self, weights: Weights, tape: Tape, t: int, summed: np.ndarray):
        """h(t+1) from W h(t) + projection(t), and what step_back needs."""
        raise NotImplementedError

    def step_back(self, weights: Weights, tape: Tape, t: int, d_hiddens, carried, gradients: Weights):
        """The cotangents of the summed inputs and of what a cell carries besides h."""
        raise NotImplementedError


class IRNN(_Cell):
    """h = relu(u)."""

    def step(self, weights, tape, t, summed):
        return np.maximum(summed, 0), ()

    def step_back(self, weights, tape, t, d_hiddens, carried, gradients):
        return d_hiddens[t + 1] * (tape.hiddens[t + 1] > 0), carried


class StandardRNN(_Cell):
    """h = tanh(u)."""

    def step(self, weights, tape, t, summed):
        return np.tanh(summed), ()

    def step_back(self, weights, tape, t, d_hiddens, carried, gradients):
        return d_hiddens[t + 1] * (1 - tape.hiddens[t + 1] ** 2), carried


class LSTM(_Cell):
    """c = σ(f) c + σ(i) tanh(g), h = σ(o) tanh(c); what is carried is c."""

    def step(self, weights, tape, t, summed):
        size = len(summed) // 4
        gates = 1 / (1 + np.exp(-summed[: 3 * size]))
        write, keep, show = np.split(gates, 3)
        candidate = np.tanh(summed[3 * size :])
        before = tape.kept[-1][-2] if tape.kept else np.zeros_like(write)
        cell = keep * before + write * candidate
        seen = np.tanh(cell)
        return show * seen, (write, keep, show, candidate, before, cell, seen)

    def step_back(self, weights, tape, t, d_hiddens, carried, gradients):
        write, keep, show, candidate, before, _, seen = tape.kept[t]
        d_hidden = d_hiddens[t + 1]
        d_cell = carried + d_hidden * show * (1 - seen**2)
        d_summed = [
            d_cell * candidate * write * (1 - write),
            d_cell * before * keep * (1 - keep),
            d_hidden * seen * show * (1 - show),
            d_cell * write * (1 - candidate**2),
        ]
        return np.concatenate(d_summed), d_cell * keep


class FastWeights(_Cell):
    """h = relu(LN[u + Σ_τ η λ^age h(τ) [h(τ)ᵀ relu(u)]]), equations 4 and 5 with S = 1."""

    def step(self, weights, tape, t, summed):
        past, rates = _past(tape, t)
        query = np.maximum(summed, 0)
        matches = rates * np.einsum("trb,rb->tb", past, query)
        total = summed + np.einsum("trb,tb->rb", past, matches)
        centred = total - total.mean(axis=0)
        scale = 1 / np.sqrt(np.mean(centred * centred, axis=0) + np.float32(1e-5))
        normal = centred * scale
        hidden = weights["cell.norms.gains"][0] * normal + weights["cell.norms.biases"][0]
        return np.maximum(hidden, 0), (query, matches, normal, scale)

    def step_back(self, weights, tape, t, d_hiddens, carried, gradients):
        query, matches, normal, scale = tape.kept[t]
        past, rates = _past(tape, t)
        d_normalised = d_hiddens[t + 1] * (tape.hiddens[t + 1] > 0)
        for name, d in (("gains", d_normalised * normal), ("biases", d_normalised)):
            gradients[f"cell.norms.{name}"] = (
                gradients.get(f"cell.norms.{name}", 0) + d.sum(axis=1)[None, :, None]
            )
        d_normal = weights["cell.norms.gains"][0] * d_normalised
        d_total = d_normal - d_normal.mean(axis=0) - normal * np.mean(d_normal * normal, axis=0)
        d_total *= scale
        d_matches = rates * np.einsum("trb,rb->tb", past, d_total)
        d_hiddens[1 : t + 1] += matches[:, None] * d_total + d_matches[:, None] * query
        d_query = np.einsum("trb,tb->rb", past, d_matches)
        return d_total + d_query * (query > 0), carried


def _past(tape: Tape, t: int) -> tuple[np.ndarray, np.ndarray]:
    """h(1) … h(t) (time, R, batch), and η λ^age of each (time, 1)."""
    ages = np.arange(t - 1, -1, -1, dtype=np.float32)
    return tape.hiddens[1 : t + 1], np.float32(WRITE_RATE) * np.float32(DECAY) ** ages[:, None]


CELLS = {"irnn": IRNN, "standard-rnn": StandardRNN, "lstm": LSTM, "fast-weights": FastWeights}
