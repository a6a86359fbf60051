"""The options of the associative LSTM."""

from dataclasses import dataclass, field
from typing import Literal

from fastweights.cells.options.footprint import Footprint
from fastweights.errors import LATER, MAX_SCALE, check_between, check_choice, to_python_numbers

_MAX_COPIES = _MAX_HEADS = 64


@dataclass(frozen=True)
class AssociativeLSTMOptions:
    """Options of the associative LSTM."""

    copies: int = 4
    """Copies of the memory, each with keys permuted in its own way; more copies answer with less noise."""

    heads: int = 3
    """What is written and read at each step: so many values under so many keys."""

    forget_bias: float = 1.0
    """The forget gate's bias before training; 1 keeps the gate open at first, 0 is the plain choice."""

    input_scale: float = 1.0
    """V is drawn uniformly from ± input_scale / √R."""

    combine_heads: Literal["sum", "mean"] = field(default="sum", metadata=LATER)
    """Whether h is the sum of the heads' answers, or their mean, so that |h| ≤ 1 as with one head."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("copies", self.copies, 1, _MAX_COPIES)
        check_between("heads", self.heads, 1, _MAX_HEADS)
        check_between("forget_bias", self.forget_bias, -MAX_SCALE, MAX_SCALE)
        check_between("input_scale", self.input_scale, 0, MAX_SCALE)
        check_choice("combine_heads", self.combine_heads, ("sum", "mean"))

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """What the form in JAX needs; the kernel needs a sixth of it."""
        kept = 48 * self.heads + 6 * self.copies * (1 + self.heads)
        return Footprint(4 * self.heads + 1, kept * length * hidden_size)
