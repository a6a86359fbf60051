"""How many patterns a Hopfield network keeps without a single wrong unit."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.hopfield.hopfield_stability import turned
from fastweights.theory.plot import Panel, Series
from fastweights.theory.samples import STANDARD_ERRORS, signs, standard_error

_UNITS, _NETWORKS = 512, 60
_SHARES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # of N/(2 ln N)

Patterns = Float[np.ndarray, "patterns units"]


def most(units: int) -> float:
    """N/(2 ln N): up to here most patterns are fixed points; up to half of it, all are."""
    return units / (2 * np.log(units))


def fields(patterns: Patterns) -> Patterns:
    """Σ_{j≠i} W_ij x_j for every stored pattern x and unit i."""
    return (patterns @ patterns.T) @ patterns - len(patterns) * patterns


@register_check(
    "hopfield-exact-recall", source="McEliece, Posner, Rodemich & Venkatesh 1987, IEEE Trans. IT 33:461"
)
class HopfieldExactRecall(Check):
    """With p = N/(2 ln N) random patterns most are fixed points, with half as many all of them at once, with
    twice as many hardly any.

    The rigorous side: a unit turns with probability P (claim `hopfield-stability`), so a pattern has no wrong
    unit with probability at least 1 − N P, and no pattern has any with probability at least 1 − p N P. The
    other side, e^(−N P) for a pattern, is McEliece et al.'s limit for large N, in which wrong units are
    independent; at finite N they are not quite, so that at twice the number, where the limit has 0.05, only
    "fewer than a quarter" is asked for; and "most" is more than half. The decay in N is slow: at p = N/(2 ln
    N) the limit itself is e^(−1/√(4π ln N)), 0.89 at N = 512."""

    statement = "Exact recall ends near N/(2 ln N) patterns, and that of all patterns near N/(4 ln N)."

    most: Callable[[int], float] = most
    """How many patterns are mostly kept without error, by N."""

    fields: Callable[[Patterns], Patterns] = fields
    """The fields of every stored pattern."""

    def examine(self) -> Finding:
        """Sixty networks of 512 units at loads about N/(2 ln N)."""
        rng = np.random.default_rng(0)
        kept = np.empty((len(_SHARES), _NETWORKS))
        counts = [round(share * self.most(_UNITS)) for share in _SHARES]
        for network in range(_NETWORKS):
            patterns = signs(rng, max(counts), _UNITS).astype(np.float32)  # exact: whole numbers below 2²⁴
            for i, count in enumerate(counts):
                stored = patterns[:count]
                kept[i, network] = np.mean(np.all(self.fields(stored) * stored >= 0, axis=1))
        quantities = [
            self._compared("patterns kept at N/(2 ln N)", kept[3], counts[3], 1),
            self._compared(
                "networks that keep all at N/(4 ln N)", (kept[1] == 1).astype(float), counts[1], counts[1]
            ),
            Quantity(f"patterns kept at N/ln N = {counts[5]}", kept[5].mean(), highest=0.25),
        ]
        return Finding(quantities, _panels(counts, kept))

    def _compared(self, name: str, shares: np.ndarray, count: int, together: int) -> Quantity:
        """A share that theory bounds from below by 1 − N P for each of so many patterns, and that is most."""
        lowest = max(1 - together * _UNITS * turned(_UNITS, count), 0.5)
        slack = STANDARD_ERRORS * standard_error(shares)
        return Quantity(f"{name} = {count}", np.mean(shares), lowest=lowest - slack)


def _panels(counts: list[int], kept: np.ndarray) -> list[Panel]:
    finer = range(min(counts), max(counts) + 1)
    limit = [float(np.exp(-_UNITS * turned(_UNITS, p))) for p in finer]
    series = (
        Series("patterns kept", counts, kept.mean(1), "marks"),
        Series("networks that keep all", counts, (kept == 1).mean(1), "marks"),
        Series("e^(−N P)", list(finer), limit, "dashed"),
        Series("N/(2 ln N)", [most(_UNITS)] * 2, [0.0, 1.0], "dashed"),
        Series("N/(4 ln N)", [most(_UNITS) / 2] * 2, [0.0, 1.0], "dashed"),
    )
    return [Panel(f"Recall without error, N = {_UNITS}", "patterns p", "share", series)]
