"""Vaswani et al. 2017, equation 1 and section 3.2.2, one head of one step at a time.

head_i = Σ_τ softmax_τ(q_i · k_i(τ) / √d) v_i(τ),  h = W_o [head_1; …; head_H],  τ over the latest steps.
"""

import math

import numpy as np

from references.pieces import double


def outputs(cell, options, x):
    units = cell.hidden_size
    size = units // options.heads
    of_keys, of_values, of_queries = (double(cell.input)[i * units : (i + 1) * units] for i in range(3))
    keys, values, states = [], [], []
    for now in x:
        keys.append(of_keys @ now)
        values.append(of_values @ now)
        query, heads = of_queries @ now, []
        for n in range(options.heads):
            mine = slice(n * size, (n + 1) * size)
            kept = list(zip(keys, values, strict=True))[-options.window :]
            weights = [math.exp(query[mine] @ key[mine] / math.sqrt(size)) for key, _ in kept]
            total = sum(w * value[mine] for w, (_, value) in zip(weights, kept, strict=True))
            heads.append(total / sum(weights))
        states.append(double(cell.output) @ np.concatenate(heads))
    return np.array(states)
