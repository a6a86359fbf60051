"""The options of softmax attention."""

from dataclasses import dataclass

from fastweights.cells.options.footprint import Footprint
from fastweights.cells.options.heads import HeadsOptions
from fastweights.errors import check_between

_MAX_WINDOW = 10_000
SHORTEST_CHUNK = 64
"""Fewer steps at once are not worth a loop over chunks."""


@dataclass(frozen=True)
class SoftmaxAttentionOptions(HeadsOptions):
    """Options of softmax attention."""

    window: int = 256
    """The context length: how many of the latest steps are kept and read, the present one among them."""

    convolution: int = 0
    """Keys, values and queries are first mixed over so many steps, each unit on its own; 0 for not at all."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between("window", self.window, 1, _MAX_WINDOW)
        check_between("convolution", self.convolution, 0, 1_000)

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """Of each pair of a step and one that it reads, some numbers a head; each chunk's state; what a
        convolution makes of W x."""
        chunk = max(self.window, SHORTEST_CHUNK)
        most = min(length, chunk) * min(length, 2 * chunk)
        states = 2 * self.window * hidden_size * (4 + length // chunk) if length > chunk else 0
        mixed = 6 * (length + self.convolution) * hidden_size if self.convolution else 0
        return Footprint(kept=8 * self.heads * most + states + mixed)
