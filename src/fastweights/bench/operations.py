"""The arithmetic that an update cannot do without, from the equations.

Forward, in multiply-adds, for B columns, T steps, R units, G rows of W for each unit (4 for the LSTM,
else 1), an embedding of E, S symbols, a read-out of U units and O classes:

    projections       C e for each symbol          S · G R · E
    recurrence   W h(t−1), where h(0) = 0     (T − 1) · G R · R · B
    memory       attention, equation 4: h(τ)ᵀ h_0 and its sum, for each τ < t    T (T − 1) · R · B
                 or the matrix, equations 1 and 2: A + h hᵀ and A h_0, of R² each  2 (T − 1) · R² · B
    read-out     U h and V relu(…)            (U R + O U) · B

Of the two forms of the memory the smaller counts. The derivative of a product X Y has two products of the
same size, for the cotangents of X and of Y, so that backward is twice the forward: for attention, too, where
the matches are kept. What grows with R only (activations, normalisation, look-ups) and Adam, whose cost
does not grow with the batch, are left out: the count is a lower bound, and so is a rate made of it.
"""

from collections.abc import Callable

from fastweights.bench.cases import EMBEDDING_SIZE, NUM_CLASSES, NUM_SYMBOLS, READOUT_SIZE, Case


def multiply_adds(case: Case, memory: Callable[[Case], int] | None = None) -> int:
    """Multiply-adds of one update of all runs; `memory` is the form that counts, by default the smaller."""
    units, steps = case.hidden_size, case.length - 1
    rows = units * (4 if case.model == "lstm" else 1)
    projections = NUM_SYMBOLS * rows * EMBEDDING_SIZE
    recurrence = steps * rows * units
    readout = READOUT_SIZE * units + NUM_CLASSES * READOUT_SIZE
    column = recurrence + readout
    if case.model == "fast-weights":
        column += memory(case) if memory else min(attention(case), matrix(case))
    return 3 * case.runs * (projections + case.batch_size * column)


def attention(case: Case) -> int:
    """Multiply-adds forward of equation 4, a column: T² R."""
    return case.length * (case.length - 1) * case.hidden_size


def matrix(case: Case) -> int:
    """Multiply-adds forward of equations 1 and 2, a column: 2 T R²."""
    return 2 * (case.length - 1) * case.hidden_size**2


def gigaflops(case: Case, milliseconds: float) -> float:
    """Billions of floating-point operations a second, two a multiply-add."""
    return 2 * multiply_adds(case) / milliseconds / 1e6
