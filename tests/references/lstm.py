"""Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, one gate at a time.

i, f, o = σ(W h(t−1) + C x(t) + b) with each gate's rows, g = tanh(…),
c(t) = f c(t−1) + i g,  h(t) = o tanh(c(t)).
With layer normalisation each gate has LN[W h + C x] with its gain, b being LN's bias, and h = o tanh(LN[c]).
"""

import numpy as np

from references.pieces import double, normalised, sigmoid


def outputs(cell, options, x):
    size = cell.recurrent.shape[1]
    rows = {gate: slice(i * size, (i + 1) * size) for i, gate in enumerate("ifog")}

    def summed(gate, hidden, now):
        mine = rows[gate]
        total = double(cell.recurrent)[mine] @ hidden + double(cell.input)[mine] @ now
        bias = double(cell.bias)[mine]
        if options.layer_norm:
            return normalised(total, double(cell.gain)[mine], bias)
        return total + bias

    carousel, hidden, states = np.zeros(size), np.zeros(size), []
    for now in x:
        input_gate, forget_gate, output_gate = (sigmoid(summed(gate, hidden, now)) for gate in "ifo")
        candidate = np.tanh(summed("g", hidden, now))
        carousel = forget_gate * carousel + input_gate * candidate
        exposed = carousel
        if options.layer_norm:
            exposed = normalised(carousel, double(cell.cell_gain), double(cell.cell_bias))
        hidden = output_gate * np.tanh(exposed)
        states.append(hidden)
    return np.array(states)
