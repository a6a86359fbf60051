"""The capacity ratio q = s/(s + l) of the linear associator."""

from collections.abc import Callable

import numpy as np

from fastweights.memories import PseudoInverse
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.memories.streams import errors_along
from fastweights.theory.rounding import UNIT
from fastweights.theory.samples import Pairs

_SIZES = ((3, 5), (5, 3), (4, 4), (7, 2), (2, 11))
_SEEDS, _MAX_PAIRS = 3, 10


def ratio(sources: int, outputs: int) -> float:
    """s/(s + l): s source units, which hold the key, and l output units, which hold the value."""
    return sources / (sources + outputs)


def in_general_position(rng: np.random.Generator, sources: int) -> Pairs:
    """Keys; with probability 1 any s of them are linearly independent."""
    return rng.standard_normal((_SEEDS, _MAX_PAIRS, sources))


@register_check("capacity-ratio", source="Haykin 1999, chapter 2; Wayman & Mathew 2017")
class CapacityRatio(Check):
    """The most pairs that a matrix from s source units to l output units recalls exactly, whatever the
    values, is s: the capacity, as a share of all s + l units, is q = s/(s + l).

    Pairs are added to an optimal linear memory one at a time, until one is recalled wrongly. Up to N = s
    the relative error is rounding, magnified at most by the square of the keys' condition number, which
    stays below 10⁴ here; from N = s + 1 on it is √(1 − s/N) on average. The threshold 10⁻⁶ lies far from
    both. The number held over the number of units, counted in the memory's matrix, must be q, one
    division apart."""

    statement = "A linear associator of s source and l output units holds s pairs: q = s/(s + l)."

    ratio: Callable[[int, int], float] = ratio
    """The capacity as a share of all units, by s and l."""

    keys: Callable[[np.random.Generator, int], Pairs] = in_general_position
    """Draws keys for each seed, given their size s."""

    def examine(self) -> Finding:
        """For several shapes, by counting; the worst seed counts."""
        rng = np.random.default_rng(0)
        quantities = []
        for sources, outputs in _SIZES:
            keys, values = self.keys(rng, sources), rng.standard_normal((_SEEDS, _MAX_PAIRS, outputs))
            memory = PseudoInverse.empty(sources, outputs)
            errors = errors_along(memory, keys, values)
            relative = np.sqrt(errors / np.sum(values**2, axis=-1)[:, None])
            worst = np.tril(relative).max((0, 2))
            held = np.argmax(np.append(worst > 1e-6, True))
            measured = held / sum(memory.matrix.shape)
            name = f"{held} pairs held by {sources} + {outputs} units, for each unit"
            quantities.append(Quantity.near(name, measured, self.ratio(sources, outputs), 2 * UNIT))
        return Finding(*quantities)
