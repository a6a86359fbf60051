"""Yang et al. 2023, equation 3 and section 4.4, with the memory S (key × value).

S_t = (α_tᵀ 1) ⊙ S_{t−1} + k_tᵀ v_t,  o_t = q_t S_t / √d,  α_t = σ(x W_1 W_2 + b)^{1/16},
y_t = W_o (rms(o_t) ⊙ swish(W_r x)).
"""

import numpy as np

from references.pieces import double, root_mean_square, sigmoid, silu
from references.slow_weights import slow


def outputs(cell, options, x):
    memories, states = [0] * options.heads, []
    for now in slow(cell, options, x):
        low_rank = double(cell.decay_expansion) @ now.decay
        decays = sigmoid(low_rank.reshape(now.query.shape) + double(cell.decay.bias)) ** (1 / 16)
        answers = []
        for h in range(options.heads):
            key, value = now.key[0, h], now.value[0, h]
            memories[h] = np.outer(decays[h], np.ones(len(value))) * memories[h] + np.outer(key, value)
            answer = now.query[h] @ memories[h] / np.sqrt(len(key))
            answers.append(root_mean_square(answer, double(cell.gain)))
        states.append(double(cell.output) @ (np.concatenate(answers) * silu(now.gate)))
    return np.array(states)
