"""Peng et al. 2025, equations 9 to 26 without token shift and value residual; the transition as a matrix.

S_t = S_{t−1} (Diag(w_t) − κ̂_tᵀ (a_t ⊙ κ̂_t)) + v_tᵀ k̃_t,  p_t = LN(S_t r_tᵀ) + (Σ r_t ⊙ ρ ⊙ k̃_t) v_t,
o_t = (g_t ⊙ p_t) W_o,  κ_t = k_t ⊙ ξ, κ̂_t = κ_t / ‖κ_t‖ in each head,  k̃_t = k_t ⊙ lerp(1, a_t, α),
w_t = exp(−e^{−0.5} σ(d_t)),  d_t = tanh(x W_1) W_2 + d_0,  a_t = σ(x A_1 A_2 + a_0),  g_t = σ(x G_1) G_2.
"""

import numpy as np

from references.pieces import double, sigmoid
from references.slow_weights import mixed


def outputs(cell, options, x):
    heads, rank = options.heads, options.rank
    values = options.value_size or cell.hidden_size // heads
    keys = options.key_size or values
    ends = np.cumsum([heads * keys, heads * keys, heads * values, rank, rank])
    memory, states = np.zeros((heads, values, keys)), []
    for now in mixed(cell, x, ends[2]):
        r, k, v, in_rate, in_decay, in_gate = np.split(now, ends)
        rate = sigmoid(double(cell.rate_expansion) @ in_rate + double(cell.rate_bias).ravel())
        decay = double(cell.decay_expansion) @ np.tanh(in_decay) + double(cell.decay_bias).ravel()
        decay = np.exp(-np.exp(-0.5) * sigmoid(decay))
        removal = k * double(cell.removal).ravel()
        replaced = k * ((1 - double(cell.replacement).ravel()) + rate * double(cell.replacement).ravel())
        answers = []
        for h in range(heads):
            mine, units = slice(h * keys, (h + 1) * keys), slice(h * values, (h + 1) * values)
            unit = removal[mine] / np.sqrt(sum(removal[mine] ** 2))
            transition = np.diag(decay[mine]) - np.outer(unit, rate[mine] * unit)
            memory[h] = memory[h] @ transition + np.outer(v[units], replaced[mine])
            read = memory[h] @ r[mine]
            read = (read - read.mean()) / np.sqrt(read.var() + 1e-5 * values)
            read = double(cell.gain)[h] * read + double(cell.norm_bias)[h]
            answers.append(read + sum(r[mine] * double(cell.bonus)[h] * replaced[mine]) * v[units])
        gate = double(cell.gate_expansion) @ sigmoid(in_gate)
        states.append(double(cell.output) @ (gate * np.concatenate(answers)))
    return np.array(states)
