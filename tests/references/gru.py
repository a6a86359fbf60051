"""Cho et al. 2014, equations 5 to 8, one unit at a time.

r_j = σ([W_r x + U_r h]_j),  z_j = σ([W_z x + U_z h]_j),  h_j ← z_j h_j + (1 − z_j) h̃_j,
h̃_j = tanh([W x]_j + [U (r ⊙ h)]_j), or with the reset gate after the product, as in PyTorch's documentation,
h̃_j = tanh([W x]_j + b + r_j ([U h]_j + b_hn)).
"""

import numpy as np

from references.pieces import double, sigmoid


def outputs(cell, options, x):
    units = cell.hidden_size
    recurrent, weights, bias = double(cell.recurrent), double(cell.input), double(cell.bias)
    d = double(cell.candidate_bias)
    hidden, states = np.zeros(units), []
    for now in x:
        before, hidden = hidden, np.zeros(units)
        r, z = np.zeros(units), np.zeros(units)
        for j in range(units):
            r[j] = sigmoid(weights[j] @ now + recurrent[j] @ before + bias[j])
            z[j] = sigmoid(weights[units + j] @ now + recurrent[units + j] @ before + bias[units + j])
        for j in range(units):
            row = 2 * units + j
            candidate = weights[row] @ now + bias[row]
            if options.reset_gate == "after":
                candidate += r[j] * (recurrent[row] @ before + d[j])
            else:
                candidate += sum(recurrent[row][i] * r[i] * before[i] for i in range(units)) + d[j]
            hidden[j] = z[j] * before[j] + (1 - z[j]) * np.tanh(candidate)
        states.append(hidden)
    return np.array(states)
