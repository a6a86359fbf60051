"""What kernels need to be told, and how much room: whole numbers, whatever framework calls them.

This module imports no framework.
"""

import struct
from typing import Literal, NamedTuple

BLOCK_BYTES = 64
"""Sequences side by side are as many as have a number each in so many bytes; as in lanes.h."""

LONGEST_TAPE = 1000
"""The longest sequence of a kernel that keeps every step; longer ones would outgrow the memory."""

LONGEST = 2**24
"""Steps that a number in single precision counts: the longest sequence of a kernel that keeps some steps."""

_ACTIVATIONS = ("relu", "tanh")  # in the order of layers.h


class Plan(NamedTuple):
    """The static part of a recurrence that attends to its past: which normalisation stands where, −1 for
    none."""

    activation: Literal["relu", "tanh"]
    """f."""
    preliminary: int
    """The gain and bias of LN[u], before h_0."""
    inside: tuple[int, ...]
    """Those of LN[r_s], for each inner step."""
    outside: tuple[int, ...]
    """Those of LN[u or h_s] before the memory's answer is added, for each inner step."""
    sustained: bool
    """Whether u enters every inner step (method 1), or h_s (method 2)."""

    def tape_size(self, length: int, units: int) -> int:
        """The numbers that one sequence leaves for its backward pass; `Tape` in attending_steps.h."""
        steps = len(self.inside)
        norms = sum(chosen >= 0 for chosen in (self.preliminary, *self.inside, *self.outside))
        return length * (units * (1 + steps + norms) + norms + steps * (length + 1)) + units

    def kept_size(self, length: int, chunk: int, units: int) -> int:
        """The same of one that is cut into chunks: the states before the first step of each segment."""
        chunks = -(-length // chunk)
        return -(-chunks // segment(length, chunk)) * (units + (units**2 if self.inside else 0))

    def numbers(self, chunk: int, segment: int = 1) -> list[int]:
        """The plan as kernels.cc takes it, for chunks of so many steps, and segments of so many chunks."""
        which = _ACTIVATIONS.index(self.activation), self.preliminary, int(self.sustained), chunk, segment
        return [*which, len(self.inside), *self.inside, *self.outside]


def segment(length: int, chunk: int) -> int:
    """The chunks of a segment, whose tapes take some three times the room of as many states."""
    quarter, root = -(-length // chunk) // 4, 0
    # By comparisons, which `torch.compile` can trace for any length, unlike `math.isqrt`.
    while (root + 1) ** 2 <= quarter:
        root += 1
    return root + 1


def lstm_tape_size(length: int, units: int, norms: int) -> int:
    """The numbers that one sequence leaves for its backward pass; `LstmTape` in lstm.h."""
    return length * (units * (7 + norms) + norms)


def associative_tape_size(length: int, rows: int, heads: int, copies: int, half: int) -> int:
    """The same of `AssociativeTape` in associative_lstm.h, with so many rows of the weights."""
    return length * (rows + (6 * heads + 2 * copies + 2) * half)


def bits(number: float) -> int:
    """The bits of a real number, where a kernel takes whole ones."""
    return struct.unpack("=q", struct.pack("=d", number))[0]


# Forward keeps the state before every 64th write but the first, about as much as an array of the keys; of
# long sequences 256 states. Backward computes others anew: in chunks those before every 16th write, else
# first these, then those of 16 writes side by side. Keeping more made neither faster: they come from memory.
_KEPT_EVERY = 64
_MOST_KEPT = 256


def kept_every(writes: int) -> int:
    """Of how many writes a memory keeps the state before the first one: a multiple of 64."""
    return _KEPT_EVERY * max(1, -(-writes // (_KEPT_EVERY * _MOST_KEPT)))


def states_kept(writes: int) -> int:
    """How many states that are: not the one before all writes, which is given."""
    return max(0, writes - 1) // kept_every(writes)
