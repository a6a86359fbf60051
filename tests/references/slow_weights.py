"""What the slow weights of fast weight programmers make of a sequence: W x(t), cut up, mixed over time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from references.pieces import double


class Slow(NamedTuple):
    """One step: queries and write rates of each head, pairs of each write and head, the rest as it is."""

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    rate: np.ndarray
    decay: np.ndarray
    gate: np.ndarray


def convolved(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """y_c(t) = Σ_j w_cj x_c(t − j), of zeros before the first step."""
    y = np.zeros_like(x)
    for t in range(len(x)):
        for c in range(x.shape[1]):
            for j in range(min(weights.shape[1], t + 1)):
                y[t, c] += weights[c, j] * x[t - j, c]
    return y


def mixed(cell, x: np.ndarray, channels: int) -> np.ndarray:
    """W x(t), so many rows of it after the convolution, if there is one."""
    projected = x @ double(cell.input).T
    if cell.convolution is not None:
        projected[:, :channels] = convolved(projected[:, :channels], double(cell.convolution))
    return projected


def slow(cell, options, x: np.ndarray) -> Iterator[Slow]:
    """The rows of W in their order: queries, keys, values, write rates, decays, output gates."""
    heads, writes = options.heads, options.writes
    values = options.value_size or cell.hidden_size // heads
    keys = options.key_size or values
    channels = heads * (keys + writes * (keys + values))
    rates = writes * heads * (options.rule == "delta")
    gates = 0 if options.output_gate == "none" else options.output_gate_rank or heads * values
    for row in mixed(cell, x, channels):
        numbers = iter(row)

        def cut(count, numbers=numbers):
            return np.array([next(numbers) for _ in range(count)])

        yield Slow(
            query=cut(heads * keys).reshape(heads, keys),
            key=cut(writes * heads * keys).reshape(writes, heads, keys),
            value=cut(writes * heads * values).reshape(writes, heads, values),
            rate=cut(rates).reshape(writes, -1),
            decay=cut(len(row) - channels - rates - gates),
            gate=cut(gates),
        )
