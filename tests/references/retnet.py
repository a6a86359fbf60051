"""Sun et al. 2023, equation 5 (the parallel form) and 8, without its rotation by position.

o_n = Σ_{m ≤ n} γ^{n−m} (q_n · k_m / √d) v_m,  γ = 1 − 2^{−5−h} in head h,
Y = W_o (rms(o) ⊙ swish(W_G x)).
"""

import numpy as np

from references.pieces import double, root_mean_square, silu
from references.slow_weights import slow


def outputs(cell, options, x):
    steps, states = list(slow(cell, options, x)), []
    for n, now in enumerate(steps):
        answers = []
        for h in range(options.heads):
            decay, total = 1 - 2.0 ** (-5 - h), 0
            for m in range(n + 1):
                weight = decay ** (n - m) * (now.query[h] @ steps[m].key[0, h]) / np.sqrt(len(now.query[h]))
                total = total + weight * steps[m].value[0, h]
            answers.append(root_mean_square(total, double(cell.gain)))
        states.append(double(cell.output) @ (np.concatenate(answers) * silu(now.gate)))
    return np.array(states)
