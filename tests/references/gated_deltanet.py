"""Yang, Kautz & Hatamizadeh 2024, equation 10, with the transition written down as a matrix.

S_t = S_{t−1} (α_t (I − β_t k_t k_tᵀ)) + β_t v_t k_tᵀ,  o_t = S_t q_t / √d,
α_t = exp(−exp(A) softplus(w x_t + b)),  y_t = W_o (rms(o_t) ⊙ SiLU(W_g x_t)); q, k, v and β as in DeltaNet.
"""

import numpy as np

from references.pieces import double, of_unit_length, root_mean_square, sigmoid, silu, softplus
from references.slow_weights import slow


def outputs(cell, options, x):
    memories, states = {}, []
    for now in slow(cell, options, x):
        answers = []
        for h in range(options.heads):
            query, key = of_unit_length(silu(now.query[h])), of_unit_length(silu(now.key[0, h]))
            value, rate = silu(now.value[0, h]), sigmoid(now.rate[0, h])
            step = softplus(now.decay[h] + double(cell.decay.bias)[h, 0])
            decay = np.exp(-np.exp(double(cell.decay.rate)[h]) * step)
            transition = decay * (np.eye(len(key)) - rate * np.outer(key, key))
            memory = memories.get(h, np.zeros((len(value), len(key))))
            memories[h] = memory @ transition + rate * np.outer(value, key)
            answer = memories[h] @ query / np.sqrt(len(key))
            answers.append(root_mean_square(answer, double(cell.gain)))
        states.append(double(cell.output) @ (np.concatenate(answers) * silu(now.gate)))
    return np.array(states)
