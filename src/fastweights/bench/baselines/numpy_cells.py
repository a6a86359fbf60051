"""The recurrences in NumPy, forward and backward by hand; columns are sequences.

A step takes the summed inputs W h + C x + b, what the cell carries besides h (0 at first), h(1) … h(t), the
weights and the options; it gives h(t+1), what is carried on, and its derivative. That takes the cotangents of
both and those of h(1) … h(t), to which it adds, and the gradients, to which it adds those of the cell's other
weights; it gives the cotangents of the summed inputs and of what was carried.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastweights.bench.cases import Weights

Back = Callable[[np.ndarray, Any, np.ndarray, Weights], tuple[np.ndarray, Any]]
Step = Callable[[np.ndarray, Any, np.ndarray, Weights, Mapping[str, Any]], tuple[np.ndarray, Any, Back]]


def forward(
    step: Step, weights: Weights, options: Mapping[str, Any], projections: np.ndarray
) -> tuple[np.ndarray, list[Back]]:
    """h(0) … h(T) (time, R, batch) from h(0) = 0 and the projections (time, rows, batch), and derivatives."""
    time, _, batch = projections.shape
    hiddens = np.zeros((time + 1, weights["cell.recurrent"].shape[1], batch), projections.dtype)
    backs, carried = [], 0
    for t in range(time):
        summed = weights["cell.recurrent"] @ hiddens[t] + projections[t]
        hiddens[t + 1], carried, back = step(summed, carried, hiddens[1 : t + 1], weights, options)
        backs.append(back)
    return hiddens, backs


def backward(
    weights: Weights, hiddens: np.ndarray, backs: Sequence[Back], d_hidden: np.ndarray
) -> tuple[Weights, np.ndarray]:
    """The gradients of the cell's own weights and of the projections, given that of h(T)."""
    recurrent, carried = weights["cell.recurrent"], 0
    d_hiddens = np.zeros_like(hiddens)
    d_hiddens[-1] = d_hidden
    gradients: Weights = {"cell.recurrent": np.zeros_like(recurrent)}
    d_projections = np.empty((len(backs), len(recurrent), d_hidden.shape[1]), d_hidden.dtype)
    for t in reversed(range(len(backs))):
        d_projections[t], carried = backs[t](d_hiddens[t + 1], carried, d_hiddens[1 : t + 1], gradients)
        gradients["cell.recurrent"] += d_projections[t] @ hiddens[t].T
        d_hiddens[t] += recurrent.T @ d_projections[t]
    return gradients, d_projections


def _simple(activation: Callable, derivative: Callable, summed: np.ndarray, *_: Any):
    """h = f(u); the derivative of f is a function of h."""
    hidden = activation(summed)
    return hidden, 0, lambda d_hidden, *_: (d_hidden * derivative(hidden), 0)


def _lstm(summed: np.ndarray, before: Any, *_: Any):
    """c = σ(f) c + σ(i) tanh(g), h = σ(o) tanh(c); what is carried is c."""
    size = len(summed) // 4
    input_gate, forget_gate, output_gate = np.split(1 / (1 + np.exp(-summed[: 3 * size])), 3)
    candidate = np.tanh(summed[3 * size :])
    cell = forget_gate * before + input_gate * candidate
    squashed = np.tanh(cell)

    def back(d_hidden, d_cell, *_):
        d_cell = d_cell + d_hidden * output_gate * (1 - squashed**2)
        d_summed = [
            d_cell * candidate * input_gate * (1 - input_gate),
            d_cell * before * forget_gate * (1 - forget_gate),
            d_hidden * squashed * output_gate * (1 - output_gate),
            d_cell * input_gate * (1 - candidate**2),
        ]
        return np.concatenate(d_summed), d_cell * forget_gate

    return output_gate * squashed, cell, back


def _fast_weights(summed: np.ndarray, _: Any, past: np.ndarray, weights: Weights, options: Mapping[str, Any]):
    """h = relu(LN[u + Σ_τ η λ^age h(τ) [h(τ)ᵀ relu(u)]]), equations 4 and 5 with S = 1."""
    decay, write_rate = (np.float32(options[name]) for name in ("decay", "write_rate"))
    rates = write_rate * decay ** np.arange(len(past) - 1, -1, -1, dtype=np.float32)[:, None]
    query = np.maximum(summed, 0)
    matches = rates * np.einsum("trb,rb->tb", past, query)
    total = summed + np.einsum("trb,tb->rb", past, matches)
    centred = total - total.mean(axis=0)
    scale = 1 / np.sqrt(np.mean(centred * centred, axis=0) + np.float32(1e-5))
    normal, gain = centred * scale, weights["cell.norms.gains"][0]
    hidden = np.maximum(gain * normal + weights["cell.norms.biases"][0], 0)

    def back(d_hidden, _, d_past, gradients):
        d_normalised = d_hidden * (hidden > 0)
        for name, d in (("gains", d_normalised * normal), ("biases", d_normalised)):
            known = gradients.get(f"cell.norms.{name}", 0)
            gradients[f"cell.norms.{name}"] = known + d.sum(axis=1)[None, :, None]
        d_normal = gain * d_normalised
        d_total = d_normal - d_normal.mean(axis=0) - normal * np.mean(d_normal * normal, axis=0)
        d_total *= scale
        d_matches = rates * np.einsum("trb,rb->tb", past, d_total)
        d_past += matches[:, None] * d_total + d_matches[:, None] * query
        d_query = np.einsum("trb,tb->rb", past, d_matches)
        return d_total + d_query * (query > 0), 0

    return hidden, 0, back


CELLS: Mapping[str, Step] = {
    "irnn": partial(_simple, lambda u: np.maximum(u, 0), lambda h: h > 0),
    "standard-rnn": partial(_simple, np.tanh, lambda h: 1 - h**2),
    "lstm": _lstm,
    "fast-weights": _fast_weights,
}
