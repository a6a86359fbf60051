"""Katharopoulos et al. 2020, equations 16 to 20, with the memory s (key × value) and the normaliser z apart.

s_i = s_{i−1} + φ(x_i W_K) (x_i W_V)ᵀ,  z_i = z_{i−1} + φ(x_i W_K),
y_i = φ(x_i W_Q)ᵀ s_i / (φ(x_i W_Q)ᵀ z_i),  φ = elu + 1.
"""

import numpy as np

from references.pieces import double
from references.slow_weights import slow


def elu_plus_one(x: np.ndarray) -> np.ndarray:
    return np.array([value + 1 if value > 0 else np.exp(value) for value in x])


def outputs(cell, options, x):
    memories, normalisers, states = {}, {}, []
    for now in slow(cell, options, x):
        answers = []
        for h in range(options.heads):
            query, key, value = elu_plus_one(now.query[h]), elu_plus_one(now.key[0, h]), now.value[0, h]
            memories[h] = memories.get(h, 0) + np.outer(key, value)
            normalisers[h] = normalisers.get(h, 0) + key
            answers.append(query @ memories[h] / (query @ normalisers[h]))
        states.append(double(cell.output) @ np.concatenate(answers))
    return np.array(states)
