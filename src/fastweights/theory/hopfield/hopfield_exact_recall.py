"""The number of patterns that a Hopfield network recalls without a single wrong unit."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr

from fastweights.memories import Hopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.hopfield.hopfield_stability import turned
from fastweights.theory.samples import STANDARD_ERRORS, signs, standard_error

_UNITS, _NETWORKS = 512, 60
_SHARES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # of N/(2 ln N)
_MANY, _HUGE = 10**6, 1e300  # units

Patterns = Float[np.ndarray, "patterns units"]


def most(units: float) -> float:
    """N/(2 ln N): up to here most patterns are fixed points; up to half of it, all are."""
    return units / (2 * np.log(units))


def wrong_units(units: float) -> float:
    """1/√(4π ln N): the limit of N P, wrong units of a pattern, at N/(2 ln N) patterns."""
    return 1 / np.sqrt(4 * np.pi * np.log(units))


def wrong_in_all(units: float) -> float:
    """1/(4 ln N √(8π ln N)): the limit of p N P, wrong units of all patterns together, at half as many."""
    return 1 / (4 * np.log(units) * np.sqrt(8 * np.pi * np.log(units)))


def fields(patterns: Patterns) -> Patterns:
    """Σ_{j≠i} W_ij x_j for every stored pattern x and unit i."""
    return (patterns @ patterns.T) @ patterns - len(patterns) * patterns


@register_check(
    "hopfield-exact-recall", source="McEliece, Posner, Rodemich & Venkatesh 1987, IEEE Trans. IT 33:461"
)
class HopfieldExactRecall(Check):
    """With p = N/(2 ln N) random patterns most are fixed points, with half as many all of them at once,
    with twice as many hardly any.

    The rigorous side: a unit turns with probability P (check `hopfield-stability`), so a pattern has no
    wrong unit with probability at least 1 − N P, and no pattern has any with probability at least 1 − p N
    P. The other side, e^(−N P) for a pattern, is McEliece et al.'s limit for large N, in which wrong
    units are independent; at finite N they are not quite, so that at twice the number, where the limit is
    0.05, the bound is a quarter; and "most" is more than half.

    The decay in N is slow: 1/√(4π ln N), 0.11 at N = 512, so that a simulation can't tell 2 ln N from a
    number near it. The rate can: z² = (N − 1)/(p − 1) being 2 ln N, the tail φ(z)/z (1 − 1/z²) < Φ(−z) <
    φ(z)/z puts N P between 1 − 1/z² and 1 times 1/√(4π ln N), up to 1/p of z². With any other number than
    2, N P would be off by a power of N. This is computed at N = 10⁶ with the binomial tail itself, whose
    discreteness moves it by less than the next term of the series, and at N = 10³⁰⁰ with Φ; likewise p N
    P at half as many patterns."""

    statement = "Exact recall ends near N/(2 ln N) patterns, and of all patterns at once near N/(4 ln N)."
    has_figure = True

    most: Callable[[float], float] = most
    """The number of patterns up to which most are kept without error, given N."""

    wrong_units: Callable[[float], float] = wrong_units
    """The expected number of wrong units of a pattern at that number of patterns, for large N."""

    wrong_in_all: Callable[[float], float] = wrong_in_all
    """The same of all patterns together, at half that number."""

    fields: Callable[[Patterns], Patterns] = fields
    """The fields of every stored pattern."""

    def examine(self) -> Finding:
        """Sixty networks of 512 units at loads about N/(2 ln N); the rates for many units."""
        rng = np.random.default_rng(0)
        counts = [round(share * self.most(_UNITS)) for share in _SHARES]
        kept = np.empty((_NETWORKS, len(counts)))
        for network in kept:
            patterns = signs(rng, max(counts), _UNITS).astype(np.float32)  # exact: whole numbers below 2²⁴
            for i, count in enumerate(counts):
                stored = patterns[:count]
                network[i] = np.mean(np.all(self.fields(stored) * stored >= 0, axis=1))
        all_kept = (kept == 1).astype(float)
        half, p = self.most(_UNITS) / 2, np.arange(min(counts), max(counts) + 1)
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
            self._of_memory(rng),
            *self._rates(),
            panels=[Panel(f"Recall without error, N = {_UNITS}", "patterns p", "share", series)],
        )

    def _of_memory(self, rng: np.random.Generator) -> Quantity:
        """The fields are those of the library's memory: whole numbers, and so the same to the bit."""
        patterns = signs(rng, 7, 24)
        stored = Hopfield.empty(24, 24).store(jnp.asarray(patterns), jnp.asarray(patterns))
        off = np.abs(self.fields(patterns) - patterns @ np.asarray(stored.matrix).T).max()
        return Quantity("fields against those of the stored weights", off, highest=0)

    def _rates(self) -> list[Quantity]:
        """N P at N/(2 ln N) patterns and p N P at half as many, over their limits."""
        quantities = []
        for share, name, limit in (
            (1, "N P at N/(2 ln N)", self.wrong_units),
            (2, "p N P at N/(4 ln N)", self.wrong_in_all),
        ):
            for units in (_MANY, _HUGE):
                patterns = self.most(units) / share
                if units == _MANY:
                    patterns = round(patterns)
                    tail = np.log(turned(_MANY, patterns))
                else:
                    tail = log_ndtr(-np.sqrt(units / patterns))
                together = np.log(units) + (np.log(patterns) if share == 2 else 0)
                ratio = together + tail - np.log(limit(units))
                name_of = f"ln of {name} over its limit, N = {units:.0e}"
                # z² is (N − 1)/(p − 1), not N/p: larger by the factor 1 + 1/p.
                lowest = 1 - patterns / units - units / patterns / (2 * patterns)
                quantities.append(Quantity(name_of, ratio, np.log(lowest), 0))
        return quantities


def _most(name: str, shares: np.ndarray, count: int, together: int) -> Quantity:
    """A share that should be more than half, and at least 1 − N P for each of `together` patterns."""
    lowest = max(1 - together * _UNITS * turned(_UNITS, count), 0.5)
    return Quantity(f"{name} = {count}", np.mean(shares), lowest - STANDARD_ERRORS * standard_error(shares))
