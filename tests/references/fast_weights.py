"""Ba et al. 2016, equations 1, 2 and 5 and appendix B, with the matrix A written down.

A(t) = λ A(t−1) + η h(t) h(t)ᵀ,  u = W h(t) + C x(t+1),  h_0 = f(u),
method 1: h_{s+1} = f(LN[u + A h_s]);  method 2: h_{s+1} = f(LN[h_s + A h_s]), the identity added to A.
`norm` outside puts LN around what A h_s is added to; `write_time` late uses A(t−1) for A(t), preliminary
writes h_0(t+1) instead of h(t+1), and reads it at once.
"""

import numpy as np

from references.pieces import double, normalised, relu


def outputs(cell, options, x):
    recurrent, weights = double(cell.recurrent), double(cell.input)
    gains, biases = double(cell.norms.gains), double(cell.norms.biases)
    decay, rate = float(cell.decay), float(cell.write_rate)
    size = len(recurrent)

    def norm(vector, number):
        return normalised(vector, gains[number], biases[number])

    fast, hidden, states = np.zeros((size, size)), np.zeros(size), []
    for now in x:
        before_writing = fast
        fast = decay * fast + rate * np.outer(hidden, hidden)
        used = fast if options.write_time == "current" else before_writing
        summed = recurrent @ hidden + weights @ now
        if options.preliminary_norm == "none":
            hidden = relu(summed)
        elif options.preliminary_norm == "shared":
            hidden = relu(norm(summed, 0))
        else:
            hidden = relu(norm(summed, len(gains) - 1))
        if options.write_time == "preliminary":
            fast = used = decay * before_writing + rate * np.outer(hidden, hidden)
        for s in range(options.inner_steps):
            number = s if options.norm_sets == "per-step" else 0
            kept = summed if options.method == 1 else hidden
            if options.norm == "inside":
                hidden = relu(norm(kept + used @ hidden, number))
            elif options.norm == "outside":
                hidden = relu(norm(kept, number) + used @ hidden)
            else:
                hidden = relu(kept + used @ hidden)
        states.append(hidden)
    return np.array(states)
