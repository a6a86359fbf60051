"""Le, Jaitly & Hinton 2015: the standard network with rectified linear units."""

from references import standard_rnn
from references.pieces import relu


def outputs(cell, options, x):
    return standard_rnn.outputs(cell, options, x, activation=relu)
