"""Beck et al. 2024, equations 19 to 27, without the stabiliser, which cancels; that of the state is not read.

C_t = f_t C_{t−1} + i_t v_t k_tᵀ,  n_t = f_t n_{t−1} + i_t k_t,  h_t = o_t ⊙ C_t q_t / max(|n_tᵀ q_t|, 1),
i_t = exp(w_iᵀ x_t + b_i),  f_t = σ(w_fᵀ x_t + b_f),  o_t = σ(W_o x_t),
q_t = W_q x_t,  k_t = W_k x_t / √d,  v_t = W_v x_t without biases, and a matrix behind h.
"""

import numpy as np

from references.pieces import double, sigmoid
from references.slow_weights import mixed


def outputs(cell, options, x):
    heads = options.heads
    values = options.value_size or cell.hidden_size // heads
    keys = options.key_size or values
    ends = np.cumsum([heads * keys, heads * keys, heads * values, heads, heads])
    memory, normaliser, states = np.zeros((heads, values, keys)), np.zeros((heads, keys)), []
    for now in mixed(cell, x, ends[2]):
        q, k, v, i, f, o = np.split(now, ends)
        q, k, v = q.reshape(heads, keys), k.reshape(heads, keys) / np.sqrt(keys), v.reshape(heads, values)
        answers = []
        for h in range(heads):
            write = np.exp(i[h] + double(cell.input_gate_bias)[h])
            keep = sigmoid(f[h] + double(cell.forget_gate_bias)[h])
            memory[h] = keep * memory[h] + write * np.outer(v[h], k[h])
            normaliser[h] = keep * normaliser[h] + write * k[h]
            answers.append(memory[h] @ q[h] / max(abs(normaliser[h] @ q[h]), 1.0))
        states.append(double(cell.output) @ (sigmoid(o) * np.concatenate(answers)))
    return np.array(states)
