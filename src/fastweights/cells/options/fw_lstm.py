"""The options of the fast weight LSTM."""

from dataclasses import dataclass

from fastweights.cells.options.footprint import Footprint, kept_steps
from fastweights.errors import MAX_SCALE, check_between, to_python_numbers


@dataclass(frozen=True)
class FWLSTMOptions:
    """Options of the fast weight LSTM."""

    decay: float = 0.95
    """λ, in [0, 1]."""

    write_rate: float = 0.5
    """η, the fast learning rate."""

    forget_bias: float = 1.0
    """The forget gate's bias before training; 1 keeps the gate open at first, 0 is the plain choice."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("decay", self.decay, 0, 1)
        check_between("write_rate", self.write_rate, 0, MAX_SCALE)
        check_between("forget_bias", self.forget_bias, -MAX_SCALE, MAX_SCALE)

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """The memory of each step that the derivative keeps, before and after it is written."""
        return Footprint(4, 4 * hidden_size**2 * kept_steps(length) + 16 * hidden_size * length)
