"""Kimi Team 2025, equation 1, with the memory S (key × value) and its transition written down as a matrix.

S_t = (I − β_t k_t k_tᵀ) Diag(α_t) S_{t−1} + β_t k_t v_tᵀ,  o_t = S_tᵀ q_t / √d,
α_t = exp(−exp(A) softplus(W_2 W_1 x_t + b)),  y_t = W_o (rms(o_t) ⊙ σ(W_4 W_3 x_t));
q, k, v and β as in DeltaNet.
"""

import numpy as np

from references.pieces import double, of_unit_length, root_mean_square, sigmoid, silu, softplus
from references.slow_weights import slow


def outputs(cell, options, x):
    memories, states = {}, []
    for now in slow(cell, options, x):
        steps = (double(cell.decay_expansion) @ now.decay).reshape(now.query.shape)
        gate = double(cell.gate_expansion) @ now.gate
        answers = []
        for h in range(options.heads):
            query, key = of_unit_length(silu(now.query[h])), of_unit_length(silu(now.key[0, h]))
            value, rate = silu(now.value[0, h]), sigmoid(now.rate[0, h])
            step = softplus(steps[h] + double(cell.decay.bias)[h])
            decay = np.exp(-np.exp(double(cell.decay.rate)[h]) * step)
            transition = (np.eye(len(key)) - rate * np.outer(key, key)) @ np.diag(decay)
            memory = memories.get(h, np.zeros((len(key), len(value))))
            memories[h] = transition @ memory + rate * np.outer(key, value)
            answer = memories[h].T @ query / np.sqrt(len(key))
            answers.append(root_mean_square(answer, double(cell.gain)))
        states.append(double(cell.output) @ (np.concatenate(answers) * sigmoid(gate)))
    return np.array(states)
