"""Dao & Gu 2024, equation 2a discretised, and the layer of section 7, one unit of the state at a time.

h_t = exp(Δ_t A) h_{t−1} + Δ_t B_t x_t,  y_t = C_tᵀ h_t + D x_t for each channel x of a head, A = −exp(A_log),
x, B, C = SiLU(conv(W u) + bias),  Δ = softplus(w u + b),  out = W_o rms(y ⊙ SiLU(z)) over all channels.
"""

import numpy as np

from references.pieces import double, root_mean_square, silu, softplus
from references.slow_weights import convolved


def outputs(cell, options, x):
    heads = options.heads
    channels = options.value_size or cell.hidden_size // heads
    units = options.key_size or channels
    c_end, b_end, x_end = units, 2 * units, 2 * units + heads * channels
    projected = x @ double(cell.input).T
    inner = silu(convolved(projected[:, :x_end], double(cell.convolution)) + double(cell.convolution_bias))
    rates, biases = np.exp(double(cell.decay.rate)), double(cell.decay.bias)
    state, states = np.zeros((heads, channels, units)), []
    for now, row in zip(inner, projected, strict=True):
        c, b, dt, z = now[:c_end], now[c_end:b_end], row[x_end : x_end + heads], row[x_end + heads :]
        y = []
        for h in range(heads):
            step = softplus(dt[h] + biases[h, 0])
            for p in range(channels):
                channel = now[b_end + h * channels + p]
                for n in range(units):
                    state[h, p, n] = np.exp(-rates[h] * step) * state[h, p, n] + step * b[n] * channel
                y.append(c @ state[h, p] + double(cell.skip)[h] * channel)
        states.append(double(cell.output) @ root_mean_square(np.array(y) * silu(z), double(cell.gain)))
    return np.array(states)
