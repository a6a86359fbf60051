"""Irie et al. 2021, the Delta RNN, one head of one step at a time, number by number.

W(t) = W(t−1) + β (v − W(t−1) φ(k)) ⊗ φ(k), R(t) likewise,  y(t) = W(t) φ(q) + R(t) φ(y(t−1)),  h = B y.
"""

import numpy as np

from references.pieces import delta_rule, double, sigmoid, softmax


def outputs(cell, options, x):
    units, heads = cell.hidden_size, options.heads
    size = units // heads
    weights = double(cell.input)
    of_rates = weights[5 * units :]
    forward, recurrent = np.zeros((heads, size, size)), np.zeros((heads, size, size))
    answer, states = np.zeros((heads, size)), []
    for now in x:
        before, answer = answer, np.zeros((heads, size))
        for n in range(heads):
            # The n-th head's rows of each block of as many rows as there are units.
            k, v, q, k_r, v_r = (
                weights[block * units + n * size : block * units + (n + 1) * size] @ now for block in range(5)
            )
            forward[n] = delta_rule(forward[n], softmax(k), v, sigmoid(of_rates[n] @ now))
            recurrent[n] = delta_rule(recurrent[n], softmax(k_r), v_r, sigmoid(of_rates[heads + n] @ now))
            answer[n] = forward[n] @ softmax(q) + recurrent[n] @ softmax(before[n])
        states.append(double(cell.output) @ np.concatenate(answer))
    return np.array(states)
