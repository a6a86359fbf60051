"""Whether fast weights need fewer units than a baseline: by the smallest R that learned."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from fastweights.papers.ba2016.findings.evidence import complete_errors
from fastweights.papers.ba2016.findings.readings import OPEN, Finding, Place, Settings
from fastweights.papers.ba2016.findings.resamples import (
    agreed,
    share_at_most,
    student_share_at_most,
    word_of_shares,
)
from fastweights.report.labels import joined

FAST = "fast-weights"
LEARNED = (0.01, 0.02, 0.05)
"""Test errors that may count as retrieval: the paper's own are 1.81 and 1.85 % at the smallest sizes at
which it says that a model works. A conclusion holds if it does at each of them."""

RULE = (
    "the smallest R with a mean test error of at most 2 % is smaller than the other model's in 99.9 % of the "
    "resamples of the seeds, and so it is with 1 % and with 5 %; they do not, if in 99.9 % it is not "
    "smaller; and so by Student's t"
)

ShareOf = Callable[[tuple[float, ...], float], float]
"""How sure it is that the mean of such seeds is at most this."""
Distribution = Mapping[float, float]
"""The share of the resamples in which the smallest R is so large; infinite if no size learned."""


def fewer_units(settings: Settings, baseline: str) -> Finding:
    """By the settings of one reading."""
    seeds: dict[Place, Sequence[float]] = {}
    for place, setting in settings.items():
        errors = complete_errors(setting)
        if errors is None:
            return OPEN
        seeds[place] = errors
    if {model for model, _ in seeds} != {FAST, baseline}:
        return OPEN
    word, but = agreed(
        partial(_word, baseline=baseline),
        partial(_word, baseline=baseline, share_of=student_share_at_most),
        seeds,
    )
    shares = joined(f"{round(100 * _share(seeds, baseline, learned), 2):g}" for learned in LEARNED)
    errors = joined(f"{100 * learned:g}" for learned in LEARNED)
    return word, f"fewer in {shares} % of the resamples, for errors of at most {errors} %{but}."


def smallest(
    seeds: Mapping[Place, Sequence[float]], model: str, learned: float, share_of: ShareOf = share_at_most
) -> Distribution:
    """The smallest R of a model whose mean is at most `learned`. Sizes are drawn independently, although
    their seeds share data: that makes a comparison less sure, where errors go up and down together."""
    shares, none_yet = {}, 1.0
    for size in sorted(size for which, size in seeds if which == model):
        learns = share_of(tuple(seeds[model, size]), learned)
        shares[size] = none_yet * learns
        none_yet *= 1 - learns
    return {**shares, float("inf"): none_yet}


def _share(
    seeds: Mapping[Place, Sequence[float]], baseline: str, learned: float, share_of: ShareOf = share_at_most
) -> float:
    """In how many resamples fast weights need fewer units."""
    ours, theirs = (smallest(seeds, model, learned, share_of) for model in (FAST, baseline))
    return sum(ours[fast] * theirs[other] for fast in ours for other in theirs if fast < other)


def _word(
    seeds: Mapping[Place, Sequence[float]], baseline: str, share_of: ShareOf = share_at_most
) -> bool | None:
    return word_of_shares([_share(seeds, baseline, learned, share_of) for learned in LEARNED])
