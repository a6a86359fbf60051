"""What the seeds of a setting are evidence of: complete ones only, each seed with data of its own."""

import math
from collections.abc import Sequence
from statistics import variance

from fastweights.papers.ba2016.findings.resamples import Seeds, without_any_seed
from fastweights.papers.ba2016.findings.verdicts import CLOSE, LEAST_SEEDS, training_sets
from fastweights.studies.analysis.settings import Setting, t_quantile


def complete_errors(setting: Setting, least: int = LEAST_SEEDS) -> Sequence[float] | None:
    """A setting's test errors, with guessing for runs that failed; None if it is not complete."""
    return [*setting.test_errors, *[setting.floor] * setting.failed] if is_complete(setting, least) else None


def is_complete(setting: Setting, least: int = LEAST_SEEDS) -> bool:
    """Whether all of its runs have ended, there are enough of them, and no two share a training set."""
    enough = setting.planned >= least and training_sets(setting.runs) == setting.planned
    return enough and not setting.unfinished


def difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the difference of two means, by Welch's t; degrees of freedom are rounded down."""
    squares = [variance(errors) / len(errors) for errors in (ours, theirs)]
    total = sum(squares)
    middle = sum(ours) / len(ours) - sum(theirs) / len(theirs)
    if total == 0:
        return middle, middle
    freedom = total**2 / sum(
        square**2 / (len(errors) - 1) for square, errors in zip(squares, (ours, theirs), strict=True)
    )
    half = t_quantile(max(int(freedom + 1e-9), 1)) * math.sqrt(total)
    return middle - half, middle + half


def is_lower(ours: Sequence[float], theirs: Sequence[float]) -> bool | None:
    """Whether our mean is lower by more than 0.05 points, by that interval; False if theirs is, None if
    neither."""
    low, high = difference(ours, theirs)
    return True if high < -CLOSE else False if low > CLOSE else None


def errs_less(ours: Sequence[float], theirs: Sequence[float]) -> bool | None:
    """The same with all seeds and with any one left out; None if that changes it."""

    def word_of(seeds: Seeds[str]) -> bool | None:
        return is_lower(seeds["ours"], seeds["theirs"])

    return without_any_seed(word_of, {"ours": ours, "theirs": theirs})[0]
