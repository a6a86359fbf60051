"""How many states suffice to answer every question about every string of pairs."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from fastweights.theory import Check, Finding, Quantity, register_check

_LETTERS, _PAIRS, _DIGITS = 3, 2, 2


def least(pairs: int, digits: int) -> int:
    """V^K: strings with the same letters, any two of which are answered differently somewhere."""
    return digits**pairs


def unserved(letters: int, pairs: int, digits: int, tables: int) -> float:
    """C(n, K) V^K (1 − V^−K)^N: strings that none of N random tables serves, in expectation."""
    return math.comb(letters, pairs) * digits**pairs * (1 - digits**-pairs) ** tables


@register_check(
    "answering-states",
    source="this project; Lawrence et al. 2011, A survey of binary covering arrays, section 1",
)
class AnsweringStates(Check):
    """A state answers each of n letters with one of V digits: it is a table. It serves a string of K pairs if
    it answers these right. Any set of tables that serves all strings has at least V^K; of N random tables,
    C(n, K) V^K (1 − V^−K)^N strings are expected to be served by none, so that N tables exist that serve all
    if this is below 1.

    Three letters, two pairs, two digits: all sets of tables are tried, and all choices of up to three tables
    averaged, so that nothing is left to chance; 10⁻¹² for the mean. Here V^K = 4 tables suffice.
    """

    statement = (
        "States that answer for every string of K pairs are at least V^K; V^K ln(C(n, K) V^K) suffice."
    )

    least: Callable[[int, int], int] = least
    """Tables at least, given K and V."""

    unserved: Callable[[int, int, int, int], float] = unserved
    """Strings expected to be served by none of N random tables, given n, K, V and N."""

    def examine(self) -> Finding:
        """Every set of tables."""
        tables = np.array(list(itertools.product(range(_DIGITS), repeat=_LETTERS)))
        served = np.array(
            [
                [np.array_equal(table[list(letters)], answers) for table in tables]
                for letters in itertools.combinations(range(_LETTERS), _PAIRS)
                for answers in itertools.product(range(_DIGITS), repeat=_PAIRS)
            ]
        )
        enough = next(
            size
            for size in itertools.count(1)
            if any(
                served[:, list(chosen)].any(axis=1).all()
                for chosen in itertools.combinations(range(len(tables)), size)
            )
        )
        off = [
            _mean_unserved(served, count) - self.unserved(_LETTERS, _PAIRS, _DIGITS, count)
            for count in (1, 2, 3)
        ]
        return Finding(
            Quantity("fewest tables that serve all, beside V^K", enough - self.least(_PAIRS, _DIGITS), 0, 0),
            Quantity("strings served by none, off the expectation by", max(map(abs, off)), highest=1e-12),
        )


def _mean_unserved(served: np.ndarray, count: int) -> float:
    """Over all choices of so many tables, with repetition."""
    choices = itertools.product(range(served.shape[1]), repeat=count)
    return float(np.mean([np.sum(~served[:, list(chosen)].any(axis=1)) for chosen in choices]))
