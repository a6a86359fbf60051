"""The recurrences in NumPy, forward and backward by hand.

`forward(weights, projections)` gives h(T) and a tape; `backward(weights, tape, d_hidden)` the gradients of
the cell's own weights and of the projections. Shapes: projections (time, batch, rows), h (batch, R).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fastweights.bench.cases import Weights


class Tape(NamedTuple):
    """h(0) … h(T), and what else the derivative needs of each step."""

    hiddens: np.ndarray
    saved: list[tuple[np.ndarray, ...]]


class NumpyCell:
    """What the cells share: h(0) = 0, and W's gradient from those of the summed inputs."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options

    def forward(self, weights: Weights, projections: np.ndarray) -> tuple[np.ndarray, Tape]:
        time, batch, _ = projections.shape
        hiddens = np.zeros((time + 1, batch, weights["cell.recurrent"].shape[1]), projections.dtype)
        tape = Tape(hiddens, [])
        for t in range(time):
            summed = hiddens[t] @ weights["cell.recurrent"].T + projections[t]
            hiddens[t + 1], saved = self.step(weights, tape, t, summed)
            tape.saved.append(saved)
        return hiddens[-1], tape

    def backward(self, weights: Weights, tape: Tape, d_hidden: np.ndarray) -> tuple[Weights, np.ndarray]:
        time, recurrent = len(tape.saved), weights["cell.recurrent"]
        d_hiddens = np.zeros_like(tape.hiddens)
        d_hiddens[-1] = d_hidden
        gradients: Weights = {"cell.recurrent": np.zeros_like(recurrent)}
        d_projections = np.empty((time, len(d_hidden), len(recurrent)), d_hidden.dtype)
        carried = np.zeros_like(d_hidden)
        for t in reversed(range(time)):
            d_projections[t], carried = self.step_back(weights, tape, t, d_hiddens, carried, gradients)
            gradients["cell.recurrent"] += d_projections[t].T @ tape.hiddens[t]
            d_hiddens[t] += d_projections[t] @ recurrent
        return gradients, d_projections

    def step(self, weights: Weights, tape: Tape, t: int, summed: np.ndarray):
        """h(t+1) from W h(t) + projection(t), and what step_back needs."""
        raise NotImplementedError

    def step_back(self, weights: Weights, tape: Tape, t: int, d_hiddens, carried, gradients: Weights):
        """The cotangents of the summed inputs and of what a cell carries besides h."""
        raise NotImplementedError


class NumpySimpleCell(NumpyCell):
    """h = f(u); the derivative of f is a function of h."""

    def __init__(self, activation: Callable, derivative: Callable, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._activation, self._derivative = activation, derivative

    def step(self, weights, tape, t, summed):
        return self._activation(summed), ()

    def step_back(self, weights, tape, t, d_hiddens, carried, gradients):
        return d_hiddens[t + 1] * self._derivative(tape.hiddens[t + 1]), carried


class NumpyLSTM(NumpyCell):
    """c = σ(f) c + σ(i) tanh(g), h = σ(o) tanh(c); what is carried is c."""

    def step(self, weights, tape, t, summed):
        size = summed.shape[1] // 4
        gates = np.split(1 / (1 + np.exp(-summed[:, : 3 * size])), 3, axis=1)
        input_gate, forget_gate, output_gate = gates
        candidate = np.tanh(summed[:, 3 * size :])
        before = tape.saved[-1][-1] if tape.saved else np.zeros_like(candidate)
        cell = forget_gate * before + input_gate * candidate
        squashed = np.tanh(cell)
        return output_gate * squashed, (gates, candidate, before, squashed, cell)

    def step_back(self, weights, tape, t, d_hiddens, carried, gradients):
        gates, candidate, before, squashed, _ = tape.saved[t]
        input_gate, forget_gate, output_gate = gates
        d_hidden = d_hiddens[t + 1]
        d_cell = carried + d_hidden * output_gate * (1 - squashed**2)
        d_summed = [
            d_cell * candidate * input_gate * (1 - input_gate),
            d_cell * before * forget_gate * (1 - forget_gate),
            d_hidden * squashed * output_gate * (1 - output_gate),
            d_cell * input_gate * (1 - candidate**2),
        ]
        return np.concatenate(d_summed, axis=1), d_cell * forget_gate


class NumpyFastWeights(NumpyCell):
    """h = relu(LN[u + Σ_τ η λ^age h(τ) [h(τ)ᵀ relu(u)]]), equations 4 and 5 with S = 1."""

    def step(self, weights, tape, t, summed):
        past, rates = self._past(tape, t)
        query = np.maximum(summed, 0)
        matches = rates * np.einsum("tbr,br->tb", past, query)
        total = summed + np.einsum("tbr,tb->br", past, matches)
        centred = total - _mean(total)
        scale = 1 / np.sqrt(_mean(centred * centred) + np.float32(1e-5))
        normal = centred * scale
        hidden = weights["cell.norms.gains"][0] * normal + weights["cell.norms.biases"][0]
        return np.maximum(hidden, 0), (query, matches, normal, scale)

    def step_back(self, weights, tape, t, d_hiddens, carried, gradients):
        query, matches, normal, scale = tape.saved[t]
        past, rates = self._past(tape, t)
        d_normalised = d_hiddens[t + 1] * (tape.hiddens[t + 1] > 0)
        for name, d in (("gains", d_normalised * normal), ("biases", d_normalised)):
            name = f"cell.norms.{name}"
            gradients[name] = gradients.get(name, 0) + d.sum(axis=0, keepdims=True)
        d_normal = weights["cell.norms.gains"][0] * d_normalised
        d_total = scale * (d_normal - _mean(d_normal) - normal * _mean(d_normal * normal))
        d_matches = rates * np.einsum("tbr,br->tb", past, d_total)
        d_hiddens[1 : t + 1] += matches[..., None] * d_total + d_matches[..., None] * query
        d_query = np.einsum("tbr,tb->br", past, d_matches)
        return d_total + d_query * (query > 0), carried

    def _past(self, tape: Tape, t: int) -> tuple[np.ndarray, np.ndarray]:
        """h(1) … h(t) (time, batch, R), and η λ^age of each (time, 1)."""
        ages = np.arange(t - 1, -1, -1, dtype=np.float32)
        decay, write_rate = (np.float32(self._options[name]) for name in ("decay", "write_rate"))
        return tape.hiddens[1 : t + 1], write_rate * decay ** ages[:, None]


def _mean(x: np.ndarray) -> np.ndarray:
    """Over the units: as a product four times as fast as `mean(axis=1)`."""
    return x @ np.full((x.shape[1], 1), 1 / x.shape[1], x.dtype)


CELLS = {
    "irnn": partial(NumpySimpleCell, lambda u: np.maximum(u, 0), lambda h: h > 0),
    "standard-rnn": partial(NumpySimpleCell, np.tanh, lambda h: 1 - h**2),
    "lstm": NumpyLSTM,
    "fast-weights": NumpyFastWeights,
}
