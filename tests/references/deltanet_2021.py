"""Schlag et al. 2021, section 4: what a key's old value is, what its new value shall be, and DPFP.

v̄_i = W_{i−1} φ(k_i),  v_new = β_i v_i + (1 − β_i) v̄_i,  W_i = W_{i−1} − v̄_i ⊗ φ(k_i) + v_new ⊗ φ(k_i),
y_i = W_i φ(q_i),  β_i = σ(W_β x_i);  φ is DPFP over the sum of its units, which has ε = 1e-6 more.

As printed, DPFP multiplies z_i by z_{i+j}, not by z_{i−j} as the authors' code and ours: the same features in
another order, which no answer depends on.
"""

import numpy as np

from references.pieces import double, relu, sigmoid
from references.slow_weights import slow


def outputs(cell, options, x):
    def features(vector):
        z = relu(np.concatenate([vector, -vector]))
        orders = range(1, options.dpfp_order + 1)
        mapped = np.array([z[i] * z[(i + j) % len(z)] for j in orders for i in range(len(z))])
        return mapped / (sum(mapped) + 1e-6)

    memories, states = {}, []
    for now in slow(cell, options, x):
        answers = []
        for h in range(options.heads):
            key, value, rate = features(now.key[0, h]), now.value[0, h], sigmoid(now.rate[0, h])
            memory = memories.get(h, np.zeros((len(value), len(key))))
            old = memory @ key
            new = rate * value + (1 - rate) * old
            memories[h] = memory - np.outer(old, key) + np.outer(new, key)
            answers.append(memories[h] @ features(now.query[h]))
        states.append(double(cell.output) @ np.concatenate(answers))
    return np.array(states)
