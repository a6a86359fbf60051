"""The options of the recurrent delta nets."""

from dataclasses import dataclass

from fastweights.cells.options.footprint import Footprint, kept_steps
from fastweights.cells.options.heads import HeadsOptions


@dataclass(frozen=True)
class DeltaRNNOptions(HeadsOptions):
    """Options of the Delta RNN."""

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """Both memories of each step that the derivative keeps, before and after they are written."""
        memories = 2 * hidden_size**2 // self.heads
        return Footprint(5 + 2, 4 * memories * kept_steps(length) + 12 * hidden_size * length)


@dataclass(frozen=True)
class RDNOptions(HeadsOptions):
    """Options of the Recurrent Delta Net."""

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """The memory of each step that the derivative keeps, before and after it is written."""
        memory = hidden_size**2 // self.heads
        return Footprint(3 + 2, 4 * memory * kept_steps(length) + 12 * hidden_size * length)
