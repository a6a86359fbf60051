"""What the options of a cell say of the memory that its training takes."""

from math import isqrt
from typing import Any, NamedTuple, Protocol, runtime_checkable

MAX_KEPT_STEPS = 128
"""Steps whose states are all kept for the derivative; of longer sequences only some are."""


class Footprint(NamedTuple):
    """What training takes beside what it takes of every cell, as an upper estimate."""

    rows: int = 4
    """Rows of weights for each hidden unit, each of about as many numbers as there are units and inputs; an
    LSTM has 4."""

    kept: int = 0
    """Numbers that the derivative keeps of one sequence, beside 28 for each step and unit."""


@runtime_checkable
class HasFootprint(Protocol):
    """Options of a cell whose training takes more than an LSTM's: of one with a matrix as its state, say."""

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """The estimate for so many units and sequences of this length."""
        ...


def footprint_of(options: Any, hidden_size: int, length: int) -> Footprint:
    """The estimate that a cell's options give, or an LSTM's."""
    return options.footprint(hidden_size, length) if isinstance(options, HasFootprint) else Footprint()


def kept_steps(length: int) -> int:
    """Of how many steps a scan keeps the states for its derivative (`numerics.checkpointed_scan`)."""
    return length if length <= MAX_KEPT_STEPS else 2 * (isqrt(length) + 1)
