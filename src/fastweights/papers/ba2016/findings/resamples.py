"""How sure a comparison is, by the bootstrap: seeds are drawn again, with replacement.

At ten seeds it is too sure of itself: it knows no seed that was not drawn, and its spread is too small by
√((n − 1)/n). So it has to be sure at 99.9 %, and a word must not hang on one seed.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from statistics import fmean, stdev
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from numpy import ndarray

Key = TypeVar("Key", bound=Hashable)
Seeds = Mapping[Key, Sequence[float]]

SURE = 0.999
_RESAMPLES = 10_000


def word_of_shares(shares: Sequence[float]) -> bool | None:
    """True if something is so in 99.9 % of the resamples by every rule, False if it is not in as many."""
    return True if min(shares) >= SURE else False if max(shares) <= 1 - SURE else None


def without_any_seed(
    word_of: Callable[[Seeds[Key]], bool | None], seeds: Seeds[Key]
) -> tuple[bool | None, str]:
    """The word on all seeds, None if any one of them left out would change it; then this is said, too."""
    word = word_of(seeds)
    fewer = (
        {**seeds, key: [*values[:i], *values[i + 1 :]]}
        for key, values in seeds.items()
        for i in range(len(values))
    )
    if word is None or all(word_of(some) == word for some in fewer):
        return word, ""
    return None, ", but leaving out one seed changes that"


def agreed(
    word_of: Callable[[Seeds[Key]], bool | None],
    other_word_of: Callable[[Seeds[Key]], bool | None],
    seeds: Seeds[Key],
) -> tuple[bool | None, str]:
    """The same, and None if another interval has another word."""
    word, but = without_any_seed(word_of, seeds)
    if word is None or other_word_of(seeds) == word:
        return word, but
    return None, ", but the other interval disagrees"


@lru_cache(maxsize=4096)
def share_at_most(values: tuple[float, ...], limit: float) -> float:
    """The share of the resamples whose mean is at most this."""
    return float((means(values, 0) <= limit).mean())


def student_share_at_most(values: tuple[float, ...], limit: float) -> float:
    """What Student's t has in its place: the confidence that the mean is at most this."""
    from scipy.special import stdtr

    spread = stdev(values) / len(values) ** 0.5
    if spread == 0:
        return float(fmean(values) <= limit)
    return float(stdtr(len(values) - 1, (limit - fmean(values)) / spread))


@lru_cache(maxsize=512)
def means(values: tuple[float, ...], stream: int) -> "ndarray":
    """The mean of each resample. Samples that are compared need streams of their own."""
    return _drawn(values, stream).mean(axis=1)


@lru_cache(maxsize=512)
def medians(values: tuple[float, ...], stream: int) -> "ndarray":
    """The median of each resample; streams as for means."""
    from numpy import sort

    ordered = sort(_drawn(values, stream), axis=1)
    middle = len(values) // 2
    return (ordered[:, middle] + ordered[:, (len(values) - 1) // 2]) / 2


def _drawn(values: tuple[float, ...], stream: int) -> "ndarray":
    from numpy import array

    return array(values)[_indices(len(values), stream)]


@lru_cache(maxsize=64)
def _indices(number: int, stream: int) -> "ndarray":
    from numpy.random import default_rng

    return default_rng([stream, number]).integers(number, size=(_RESAMPLES, number))
