"""Vaswani et al. 2017, equation 1 and section 3.2.2, one head of one step at a time.

head_i = Σ_τ softmax_τ(q_i · k_i(τ) / √d) v_i(τ),  h = W_o [head_1; …; head_H],  τ over the latest steps;
k, v and q are W x, or a convolution of it over time.
"""

import math

import numpy as np

from references.pieces import double
from references.slow_weights import mixed


def outputs(cell, options, x):
    units = cell.hidden_size
    size = units // options.heads
    keys, values, states = [], [], []
    for row in mixed(cell, x, 3 * units):
        keys.append(row[:units])
        values.append(row[units : 2 * units])
        query, heads = row[2 * units :], []
        for n in range(options.heads):
            mine = slice(n * size, (n + 1) * size)
            kept = list(zip(keys, values, strict=True))[-options.window :]
            weights = [math.exp(query[mine] @ key[mine] / math.sqrt(size)) for key, _ in kept]
            total = sum(w * value[mine] for w, (_, value) in zip(weights, kept, strict=True))
            heads.append(total / sum(weights))
        states.append(double(cell.output) @ np.concatenate(heads))
    return np.array(states)
