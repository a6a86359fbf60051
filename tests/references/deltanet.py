"""Yang et al. 2024 (arXiv:2406.06484), section 2.2 and appendix: one step of gradient descent, by units.

S_t = S_{t−1} − β_t (S_{t−1} k_t − v_t) k_tᵀ,  o_t = S_t q_t / √d,  β_t = σ(W_β x_t),
q, k = l2(SiLU(conv(W x))),  v = SiLU(conv(W x)),  y_t = W_o rms(o_t).
"""

import numpy as np

from references.pieces import double, of_unit_length, root_mean_square, sigmoid, silu
from references.slow_weights import slow


def outputs(cell, options, x):
    memories, states = {}, []
    for now in slow(cell, options, x):
        answers = []
        for h in range(options.heads):
            query, key = of_unit_length(silu(now.query[h])), of_unit_length(silu(now.key[0, h]))
            value, rate = silu(now.value[0, h]), sigmoid(now.rate[0, h])
            memory = memories.setdefault(h, np.zeros((len(value), len(key))))
            for i in range(len(value)):
                wrong = sum(memory[i, j] * key[j] for j in range(len(key))) - value[i]
                for j in range(len(key)):
                    memory[i, j] -= rate * wrong * key[j]
            answers.append(root_mean_square(memory @ query / np.sqrt(len(key)), double(cell.gain)))
        states.append(double(cell.output) @ np.concatenate(answers))
    return np.array(states)
