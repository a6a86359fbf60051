"""How many settings a random search needs, and how many values of one number a grid tries."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.samples import STANDARD_ERRORS

_STUDIES, _SHARE, _SURE = 20_000, 0.05, 0.95


def found(share: float, trials: int) -> float:
    """1 − (1 − p)^n: the probability that one of n settings is among the best share p."""
    return 1 - (1 - share) ** trials


def needed(share: float, sure: float) -> int:
    """⌈ln(1 − c) / ln(1 − p)⌉: settings for which that is at least c."""
    return math.ceil(math.log(1 - sure) / math.log(1 - share))


def values(trials: int, dimensions: int) -> float:
    """n^(1/d): the different values of each number in a grid of n settings of d numbers."""
    return trials ** (1 / dimensions)


@register_check("random-and-grid", source="Bergstra & Bengio 2012, JMLR 13; the derivation here")
class RandomAndGrid(Check):
    """Of n settings drawn independently, one is among the best share p with the probability 1 − (1 − p)^n, in
    any number of dimensions: 59 settings suffice for p = 5 % and 95 %, and 58 don't. A grid of n settings of
    d numbers has n^(1/d) values of each: if one of them alone matters, n^(1/d) different results.

    20,000 random searches, four standard errors.
    """

    statement = (
        "59 random settings have one of the best 5 % with 95 %; a grid of n tries n^(1/d) values of each."
    )
    has_figure = True

    found: Callable[[float, int], float] = found
    """The probability, given p and n."""

    needed: Callable[[float, float], int] = needed
    """n, given p and c."""

    values: Callable[[int, int], float] = values
    """Different values of each number, given n and d."""

    def examine(self) -> Finding:
        """Simulated searches in three dimensions, and grids counted."""
        rng, off = np.random.default_rng(0), []
        for trials in (5, 20, 59):
            settings = rng.uniform(size=(_STUDIES, trials, 3))
            results = np.prod(settings, axis=2)  # any continuous function of a setting
            best = results.min(axis=1) < np.quantile(np.prod(rng.uniform(size=(400_000, 3)), axis=1), _SHARE)
            expected = self.found(_SHARE, trials)
            error = math.sqrt(expected * (1 - expected) / _STUDIES) + 4e-4 * trials * (1 - _SHARE) ** trials
            off.append(abs(best.mean() - expected) / error)
        least = self.needed(_SHARE, _SURE)
        counts = []
        for steps, dimensions in ((3, 2), (4, 3), (2, 5)):
            grid = np.array(list(itertools.product(range(steps), repeat=dimensions)))
            counts.append(abs(len(np.unique(grid[:, 0])) - self.values(len(grid), dimensions)))
        trials = np.arange(1, 101)
        return Finding(
            Quantity("shares of searches, standard errors off", max(off), highest=STANDARD_ERRORS),
            Quantity(f"probability with {least} settings", found(_SHARE, least), lowest=_SURE),
            Quantity("with one less", found(_SHARE, least - 1), highest=_SURE),
            Quantity("values of a grid, off n^(1/d) by", max(counts), highest=1e-12),
            panels=[
                Panel(
                    "A setting among the best share p",
                    "settings tried",
                    "probability",
                    [
                        Series(f"p = {share:g}", trials, [found(share, int(n)) for n in trials])
                        for share in (0.01, 0.05, 0.2)
                    ],
                )
            ],
        )
