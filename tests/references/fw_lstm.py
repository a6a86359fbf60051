"""Keller, Sridhar & Wang 2018, as read in the code that the cell's documentation names, unit by unit.

[i; f; o; j] = LN[W h + C x],  A(t) = Σ_τ η λ^(t−τ) relu(j(τ)) relu(j(τ))ᵀ written as what was stored,
g = relu(j + A relu(j)),  c = LN[σ(f) c + σ(i) g],  h = σ(o) relu(c).
"""

import numpy as np

from references.pieces import double, normalised, relu, sigmoid


def outputs(cell, options, x):
    units = cell.hidden_size
    recurrent, weights = double(cell.recurrent), double(cell.input)
    decay, rate = float(cell.decay), float(cell.write_rate)
    carried, hidden, stored, states = np.zeros(units), np.zeros(units), [], []
    for now in x:
        summed = np.array([recurrent[row] @ hidden + weights[row] @ now for row in range(4 * units)])
        blocks = normalised(summed, double(cell.gain), double(cell.bias)).reshape(4, units)
        input_gate, forget_gate, output_gate = (sigmoid(block) for block in blocks[:3])
        candidate = blocks[3]
        query = relu(candidate)
        stored.append(query)
        # A q without A: each vector that was stored, times its match with the query.
        read = sum(
            rate * decay**age * (vector @ query) * vector for age, vector in enumerate(reversed(stored))
        )
        carried = forget_gate * carried + input_gate * relu(candidate + read)
        carried = normalised(carried, double(cell.cell_gain), double(cell.cell_bias))
        hidden = output_gate * relu(carried)
        states.append(hidden)
    return np.array(states)
