"""Danihelka et al. 2016, in complex numbers, one unit of one head of one copy at a time.

f, i_n, o_n = σ(W h(t−1) + V x(t) + b) with each gate's rows, u_n, k_n, q_n = bound(…) with theirs,
c_s(t) = f c_s(t−1) + Σ_n (P_s k_n) (i_n u_n),  h(t) = w Σ_n o_n bound(1/C Σ_s (P_s q_n) c_s(t)),
where w is 1 for a sum of answers, and 1/N for their mean.
"""

import numpy as np

from fastweights.cells.holographic import permutations
from references.pieces import double, sigmoid


def bounded(z: complex) -> complex:
    """z, or the nearest number of modulus 1 if z lies beyond the unit circle."""
    modulus = abs(z)
    return z if modulus <= 1 else z / modulus


def outputs(cell, options, x):
    size = cell.recurrent.shape[1]
    half, copies, heads = size // 2, options.copies, options.heads
    orders = permutations(half, copies)
    weight = 1 / heads if options.combine_heads == "mean" else 1

    def parts(summed):
        """f, then i, o, u, k and q, each a list over the heads."""
        rows = iter(summed)

        def reals():
            return [next(rows) for _ in range(half)]

        def complexes():
            real, imaginary = reals(), reals()
            return [bounded(complex(a, b)) for a, b in zip(real, imaginary, strict=True)]

        blocks = [sigmoid(np.array(reals()))]
        blocks += [[sigmoid(np.array(reals())) for _ in range(heads)] for _ in range(2)]
        blocks += [[complexes() for _ in range(heads)] for _ in range(3)]
        assert next(rows, None) is None
        return blocks

    memory = [[0j] * half for _ in range(copies)]
    hidden, states = np.zeros(size), []
    for now in x:
        forget_gate, input_gates, output_gates, values, keys, queries = parts(
            double(cell.recurrent) @ hidden + double(cell.input) @ now + double(cell.bias)
        )
        for s in range(copies):
            for i in range(half):
                memory[s][i] *= forget_gate[i]
                for n in range(heads):
                    memory[s][i] += keys[n][orders[s][i]] * (input_gates[n][i] * values[n][i])
        state = [0j] * half
        for i in range(half):
            for n in range(heads):
                answer = sum(queries[n][orders[s][i]] * memory[s][i] for s in range(copies)) / copies
                state[i] += weight * output_gates[n][i] * bounded(answer)
        hidden = np.array([z.real for z in state] + [z.imag for z in state])
        states.append(hidden)
    return np.array(states)
