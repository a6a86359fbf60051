"""What a further run may have, given the seeds of a setting: P and B of the rule, and two other intervals.

For n seeds with mean μ and standard deviation s, P is Student's prediction interval of one further run, and
B the same of the best of ten, by Bonferroni's inequality:

    P = μ ± t(0.975; n − 1) s √(1 + 1/n),    B ≥ μ − t(1 − 0.025/10; n − 1) s √(1 + 1/n).

Both are made in two scales: log odds, ln (k + ½)/(N − k + ½) for k errors among N test sequences, as runs
differ by factors; and Anscombe's, arcsin √, in which the variance of a binomial share, 1/(4 N), does not
depend on the share. In either scale they also hold every error that was seen, as s says little of a late
seed or of two groups, and μ ± z √((1 + 1/n)/(4 N)), the chance of the test sets, which remains where all
seeds agree; and nothing above what guessing may have, or the worst seed.
"""

import math
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from fastweights.report.labels import percent_range

# Probabilities of what is above B's end, and P's, at one side; and the normal quantiles.
_OF_BEST, _OF_ONE = 1 - 0.025 / 10, 0.975
_NORMAL_OF_BEST, _NORMAL_OF_ONE = 2.807034, 1.959964


class Prediction(NamedTuple):
    """What further runs may have, as fractions."""

    best: float
    """Even the best of ten runs is not below it."""
    low: float
    high: float
    """One run is between these."""

    def __str__(self) -> str:
        return percent_range(self.low, self.high)


class Scale(Enum):
    """What Student's interval is made in."""

    LOG_ODDS = "log odds"
    ANSCOMBE = "arcsin √"


def further_runs(
    errors: Sequence[float], count: int, floor: float, scale: Scale = Scale.LOG_ODDS
) -> Prediction:
    """P and the end of B, for two or more seeds."""
    if scale is Scale.LOG_ODDS:
        ends = [_error(end, count) for end in student_interval([_log_odds(error, count) for error in errors])]
    else:
        ends = [share(end) for end in student_interval([angle(error) for error in errors])]
    deviation = math.sqrt((1 + 1 / len(errors)) / (4 * count))
    middle, guessing = angle(sum(errors) / len(errors)), share(angle(floor) + _NORMAL_OF_ONE * deviation)
    chance = [share(middle + z * deviation) for z in (-_NORMAL_OF_BEST, -_NORMAL_OF_ONE, _NORMAL_OF_ONE)]
    least, most = min(errors), max(errors)
    best, low = (min(student, binomial, least) for student, binomial in zip(ends, chance[:2], strict=False))
    return Prediction(best, low, min(max(ends[2], chance[2], most), max(guessing, most)))


def student_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Student's prediction interval: its lower end for the best of ten further values, and both for one."""
    number = len(values)
    mean = sum(values) / number
    variance = sum((value - mean) ** 2 for value in values) / (number - 1)
    deviation = math.sqrt(variance * (1 + 1 / number))
    of_best, of_one = (_student_quantile(number - 1, probability) for probability in (_OF_BEST, _OF_ONE))
    return mean - of_best * deviation, mean - of_one * deviation, mean + of_one * deviation


def in_percent(errors: Sequence[float], floor: float) -> Prediction:
    """Student's intervals without a change of scale, within 0 and what guessing may have."""
    most = max(floor, *errors)
    return Prediction(*(min(max(end, 0.0), most) for end in student_interval(errors)))


def of_the_seeds(errors: Sequence[float], _: float) -> Prediction:
    """From the lowest to the highest: a further run is outside in 2 cases of n + 1, whatever the
    distribution; there is no notion of a best of ten."""
    return Prediction(min(errors), min(errors), max(errors))


@lru_cache(maxsize=256)
def _student_quantile(freedom: int, probability: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def _log_odds(error: float, count: int) -> float:
    return math.log((error * count + 0.5) / ((1 - error) * count + 0.5))


def _error(log_odds: float, count: int) -> float:
    """The inverse of `_log_odds`."""
    share = 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
    return min(max((share * (count + 1) - 0.5) / count, 0.0), 1.0)


def angle(error: float) -> float:
    """An error in Anscombe's scale."""
    return math.asin(math.sqrt(error))


def share(angle: float) -> float:
    """The inverse of `angle`, for any angle."""
    return math.sin(min(max(angle, 0.0), math.pi / 2)) ** 2
