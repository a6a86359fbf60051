"""Elman 1990: h(t) = tanh(W h(t−1) + C x(t) + b); with layer normalisation, tanh(LN[W h(t−1) + C x(t)])."""

import numpy as np

from references.pieces import double, normalised


def outputs(cell, options, x, activation=np.tanh):
    recurrent, weights, bias = double(cell.recurrent), double(cell.input), double(cell.bias)
    state, states = np.zeros(len(bias)), []
    for now in x:
        summed = recurrent @ state + weights @ now
        if options.layer_norm:
            summed = normalised(summed, double(cell.gain), bias)
        else:
            summed = summed + bias
        state = activation(summed)
        states.append(state)
    return np.array(states)
