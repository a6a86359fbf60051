"""The number of patterns that a Hopfield network recalls without a single wrong unit."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.hopfield.hopfield_stability import turned
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

    The rigorous side: a unit turns with probability P (check `hopfield-stability`), so a pattern has no wrong
    unit with probability at least 1 − N P, and no pattern has any with probability at least 1 − p N P. The
    other side, e^(−N P) for a pattern, is McEliece et al.'s limit for large N, in which wrong units are
    independent; at finite N they are not quite, so that at twice the number, where the limit is 0.05, the
    bound is a quarter; and "most" is more than half. The decay in N is slow: at p = N/(2 ln N) the limit
    itself is e^(−1/√(4π ln N)), 0.89 at N = 512."""

    statement = "Exact recall ends near N/(2 ln N) patterns, and of all patterns at once near N/(4 ln N)."

    most: Callable[[int], float] = most
    """The number of patterns up to which most are kept without error, given N."""

    fields: Callable[[Patterns], Patterns] = fields
    """The fields of every stored pattern."""

    def examine(self) -> Finding:
        """Sixty networks of 512 units at loads about N/(2 ln N)."""
        rng = np.random.default_rng(0)
        counts = [round(share * self.most(_UNITS)) for share in _SHARES]
        kept = np.empty((_NETWORKS, len(counts)))
        for network in kept:
            patterns = signs(rng, max(counts), _UNITS).astype(np.float32)  # exact: whole numbers below 2²⁴
            for i, count in enumerate(counts):
                stored = patterns[:count]
                network[i] = np.mean(np.all(self.fields(stored) * stored >= 0, axis=1))
        all_kept = (kept == 1).astype(float)
        half, p = most(_UNITS) / 2, np.arange(min(counts), max(counts) + 1)
        series = (
            Series("patterns kept", counts, kept.mean(0), "marks"),
            Series("networks that keep all", counts, all_kept.mean(0), "marks"),
            Series("e^(−N P)", p, [np.exp(-_UNITS * turned(_UNITS, int(n))) for n in p], "dashed"),
            Series("N/(2 ln N)", [2 * half] * 2, [0, 1], "dashed"),
            Series("N/(4 ln N)", [half] * 2, [0, 1], "dashed"),
        )
        return Finding(
            _most("patterns kept at N/(2 ln N)", kept[:, 3], counts[3], 1),
            _most("networks that keep all at N/(4 ln N)", all_kept[:, 1], counts[1], counts[1]),
            Quantity(f"patterns kept at N/ln N = {counts[5]}", kept[:, 5].mean(), highest=0.25),
            panels=[Panel(f"Recall without error, N = {_UNITS}", "patterns p", "share", series)],
        )


def _most(name: str, shares: np.ndarray, count: int, together: int) -> Quantity:
    """A share that should be more than half, and at least 1 − N P for each of `together` patterns."""
    lowest = max(1 - together * _UNITS * turned(_UNITS, count), 0.5)
    return Quantity(f"{name} = {count}", np.mean(shares), lowest - STANDARD_ERRORS * standard_error(shares))
