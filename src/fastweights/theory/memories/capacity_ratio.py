"""The capacity ratio q = s/(s + l) of the linear associator."""

from collections.abc import Callable

import numpy as np

from fastweights.memories import PseudoInverse
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.memories.streams import errors_along

_SIZES = ((3, 5), (5, 3), (4, 4), (7, 2), (2, 11))
_MAX_SOURCES, _MAX_OUTPUTS, _MAX_PAIRS, _SEEDS = 7, 11, 10, 3


def ratio(sources: int, outputs: int) -> float:
    """s/(s + l): s source units, which hold the key, and l output units, which hold the value."""
    return sources / (sources + outputs)


def in_general_position(rng: np.random.Generator, pairs: int, sources: int) -> np.ndarray:
    """Keys; with probability 1 any s of them are linearly independent."""
    return rng.standard_normal((pairs, sources, _SEEDS))


@register_check("capacity-ratio", source="Haykin 1999, chapter 2; Wayman & Mathew 2017")
class CapacityRatio(Check):
    """The most pairs that a matrix from s source units to l output units recalls exactly, whatever the
    values, is s: the capacity, as a share of all s + l units, is q = s/(s + l).

    Pairs are added to an optimal linear memory one at a time, until one is recalled wrongly. Up to N = s the
    relative error is rounding, magnified at most by the square of the keys' condition number, which stays
    below 10⁴ here; from N = s + 1 on it is √(1 − s/N) in the mean. The threshold 10⁻⁶ lies far from both. All
    shapes are columns of one computation: units beyond s and l are 0 and stay so."""

    statement = "A linear associator of s source and l output units holds s pairs: q = s/(s + l)."

    ratio: Callable[[int, int], float] = ratio
    """The capacity as a share of all units, by s and l."""

    keys: Callable[[np.random.Generator, int, int], np.ndarray] = in_general_position
    """Draws keys for each seed, given their number and size s."""

    def examine(self) -> Finding:
        """For several shapes, by counting; the worst seed counts."""
        rng = np.random.default_rng(0)
        batch = len(_SIZES) * _SEEDS
        keys, values = (np.zeros((_MAX_PAIRS, units, batch)) for units in (_MAX_SOURCES, _MAX_OUTPUTS))
        for i, (sources, outputs) in enumerate(_SIZES):
            columns = slice(i * _SEEDS, (i + 1) * _SEEDS)
            keys[:, :sources, columns] = self.keys(rng, _MAX_PAIRS, sources)
            values[:, :outputs, columns] = rng.standard_normal((_MAX_PAIRS, outputs, _SEEDS))
        memory = PseudoInverse.empty(_MAX_SOURCES, _MAX_OUTPUTS, batch)
        relative = np.sqrt(np.asarray(errors_along(memory, keys, values)) / np.sum(values**2, axis=1))
        stored = np.tri(_MAX_PAIRS, dtype=bool)[..., None]
        worst = np.where(stored, relative, 0).max(1).reshape(_MAX_PAIRS, -1, _SEEDS).max(-1)
        held = np.argmax(np.vstack([worst > 1e-6, np.full(len(_SIZES), True)]), axis=0)
        return Finding(
            *(
                Quantity.near(
                    f"pairs held ({n} by {sources} + {outputs} units), against q (s + l)",
                    n - self.ratio(sources, outputs) * (sources + outputs),
                    0,
                    1e-9,  # a pair more or less would be ±1
                )
                for n, (sources, outputs) in zip(held, _SIZES, strict=True)
            )
        )
