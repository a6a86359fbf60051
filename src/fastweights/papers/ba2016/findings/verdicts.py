"""Whether a published error is reproduced: one rule, for every number alike.

What is published is one number from an unstated number of runs. So it is compared with a single run of ours,
by two intervals of 95 %:

- P, the error of one more run: μ ± t(0.975; n − 1) · s · √(1 + 1/n), with the mean μ and the standard
  deviation s of the n ≥ 2 finished seeds. Both are those of the log odds, ln (k + ½)/(N − k + ½) for k errors
  among N test sequences: errors are bounded and skewed, and runs differ by factors rather than by percentage
  points. So P never leaves 0 to 100 %, and one late seed does not stretch it to both sides.
- Q, the published error within the chance of two test sets, theirs and ours: Wilson's interval for a binomial
  share of N sequences, 1/N = 1/20,000 + 1/ours, and half of the last printed digit at both ends. So the
  chance of the test sets remains where all seeds agree (s = 0), and where nothing was wrong: a printed 0.00
  is compatible with up to 0.04 %.

The verdict is

- reproduced: P and Q overlap;
- better: P lies below Q;
- worse: P lies above Q;
- not reproduced: worse, and our mean is above the published error by more than half of the way from it to the
  guessing floor;
- none: fewer than two finished seeds; or P and Q overlap, but P is so wide that it holds both an error at the
  floor and one below half of it.

Intervals that overlap are a weaker demand than a difference that is not significant: a verdict of
better, worse or not reproduced can be relied on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from fastweights.report.labels import percent_range
from fastweights.studies.analysis.settings import t_quantile

NEAR_FLOOR = 0.05
"""An error less than this below the guessing floor is at the floor: nothing is bound."""

_PUBLISHED_COUNT = 20_000
_ROUNDING = 0.00005
"""Half of the last digit of an error that is printed in percent with two decimals."""
_Z = 1.959964


@dataclass(frozen=True)
class Interval:
    """From low to high, as fractions."""

    low: float
    high: float

    def __str__(self) -> str:
        return percent_range(self.low, self.high)


@dataclass(frozen=True)
class Verdict:
    """Whether a published number is reproduced."""

    name: Literal["reproduced", "better", "worse", "not reproduced", "none"]
    run: Interval | None
    """P; None below two finished seeds."""
    published: Interval | None
    """Q."""
    reason: str = ""
    """Why there is no verdict."""


def judge(published: float, errors: Sequence[float], counts: Sequence[int], floor: float) -> Verdict:
    """The verdict on a published error by the rule above. Errors are fractions; `counts` are the numbers of
    sequences that they were measured on."""
    if len(errors) < 2:
        one = len(errors) == 1
        return Verdict("none", None, None, f"{'one' if one else 'no'} finished seed{'s' * (not one)}")
    counts = [min(max(count, 1), _PUBLISHED_COUNT) for count in counts]  # records may say anything
    run, paper = prediction(errors, counts), published_interval(published, min(counts))
    if run.low <= paper.high and run.high >= paper.low:
        if run.low < floor / 2 and run.high > floor - NEAR_FLOOR:
            return Verdict("none", run, paper, f"the seeds differ too much: one more may have {run} %")
        return Verdict("reproduced", run, paper)
    if run.high < paper.low:
        return Verdict("better", run, paper)
    far = published < floor and fmean(errors) > (published + floor) / 2
    return Verdict("not reproduced" if far else "worse", run, paper)


def prediction(errors: Sequence[float], counts: Sequence[int]) -> Interval:
    """P, for two or more seeds."""
    odds = [_log_odds(error, count) for error, count in zip(errors, counts, strict=True)]
    number, middle = len(odds), fmean(odds)
    half = t_quantile(number - 1) * stdev(odds) * math.sqrt(1 + 1 / number)
    low, high = (_error(odds, min(counts)) for odds in (middle - half, middle + half))
    return Interval(low, high)


def published_interval(error: float, count: int) -> Interval:
    """Q, if ours was measured on `count` sequences."""
    number = 1 / (1 / _PUBLISHED_COUNT + 1 / count)
    middle = error + _Z**2 / (2 * number)
    half = _Z * math.sqrt(error * (1 - error) / number + (_Z / (2 * number)) ** 2)
    low, high = (bound / (1 + _Z**2 / number) for bound in (middle - half, middle + half))
    return Interval(max(low - _ROUNDING, 0.0), min(high + _ROUNDING, 1.0))


def _log_odds(error: float, count: int) -> float:
    return math.log((error * count + 0.5) / ((1 - error) * count + 0.5))


def _error(log_odds: float, count: int) -> float:
    """The inverse of `_log_odds`."""
    share = 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
    return min(max((share * (count + 1) - 0.5) / count, 0.0), 1.0)
