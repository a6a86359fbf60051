"""Irie et al. 2021, the Recurrent Delta Net, one head of one step at a time, number by number.

k = W_k x + R_k tanh(y(t−1)), v and q likewise, β = σ(w_β x + r_β · tanh(y(t−1))),
W(t) = W(t−1) + β (v − W(t−1) φ(k)) ⊗ φ(k),  y(t) = W(t) φ(q),  h = B y.
"""

import numpy as np

from references.pieces import delta_rule, double, sigmoid, softmax


def outputs(cell, options, x):
    heads = options.heads
    size = cell.hidden_size // heads
    weights = double(cell.input).reshape(heads, 3 * size + 1, -1)
    recurrent = double(cell.recurrent)
    memory, answer, states = np.zeros((heads, size, size)), np.zeros((heads, size)), []
    for now in x:
        for n in range(heads):
            fed_back = np.tanh(answer[n])
            *rows, of_rate = (weights[n, i] @ now + recurrent[n, i] @ fed_back for i in range(3 * size + 1))
            k, v, q = np.array(rows).reshape(3, size)
            memory[n] = delta_rule(memory[n], softmax(k), v, sigmoid(of_rate))
            answer[n] = memory[n] @ softmax(q)
        states.append(double(cell.output) @ np.concatenate(answer))
    return np.array(states)
