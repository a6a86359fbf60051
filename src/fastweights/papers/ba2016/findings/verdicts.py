"""Whether a published error is reproduced: one rule for every number, fixed before the runs that it judges.

What is published is one number from an unstated number of runs: one run, or the best of a search. So it is
compared with what a further run of ours may have, P, and with what the best of ten further runs may have, B:
for n seeds with mean μ and standard deviation s,

    P = μ ± t(0.975; n − 1) s √(1 + 1/n),    B ≥ μ − t(1 − 0.025/10; n − 1) s √(1 + 1/n),

Student's prediction interval, and the same by Bonferroni's inequality. Both are made in two scales: log odds,
ln (k + ½)/(N − k + ½) for k errors among N test sequences, as runs differ by factors; and Anscombe's, arcsin
√, in which the variance of a binomial share, 1/(4 N), does not depend on the share. In either scale they
also hold every error that was seen, as s says little of a late seed or of two groups, and μ ± z √((1 +
1/n)/(4 N)), the chance of the test sets, which remains where all seeds agree; and nothing above what
guessing may have, or the worst seed. The published error stands for Q, 0.05 percentage points to either
side, ten sequences of 20,000: its rounding, and what is too little to matter.

The published error is

- ours lower: P lies below Q;
- ours higher: Q lies below what even the best of ten would have;
- reproduced: P and Q overlap, and P is narrow enough to have told another number apart: its ends (in log
  odds) are less than ten percentage points and a factor of ten in odds apart, where less than 0.05 % counts
  as 0.05 %;
- undecided: else; or if any one seed left out, or the other scale, would change the answer;
- open: while there is nothing to judge: a run is missing, or seeds share a training set.

So few seeds, seeds in two groups, and a number at the border give no verdict rather than a kind one.
`benchmarks/verdict_errors.py` prints how often the rule errs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Literal, NamedTuple

from fastweights.report.labels import percent_range
from fastweights.studies.analysis.runs import Record, outcome

Word = Literal["reproduced", "ours lower", "ours higher", "undecided", "open"]

LEAST_SEEDS = 3
"""Fewer have no interval when one of them is left out."""
CLOSE = 0.0005
"""Errors no farther apart than this are not told apart: ten of 20,000 test sequences."""
NEAR_FLOOR = 0.05
"""An error less than this below the guessing floor is at the floor: digits are not linked to letters."""

_WIDEST, _LARGEST_FACTOR = 0.10, 10.0
_PUBLISHED_COUNT = 20_000

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


@dataclass(frozen=True)
class Verdict:
    """Whether a published number is reproduced."""

    word: Word
    run: Prediction | None = None
    """Of all seeds, in log odds; None if there are too few."""
    reason: str = ""
    """Why it is undecided or open."""


class Evidence(NamedTuple):
    """What the runs of a setting say."""

    errors: Sequence[float]
    """As fractions."""
    counts: Sequence[int]
    """The numbers of sequences that they were measured on."""
    floor: float
    """What guessing has."""


Rule = Callable[[float, Sequence[float], Sequence[int], float], Verdict]
"""Given a published error and the evidence."""


def judge(published: float, errors: Sequence[float], counts: Sequence[int], floor: float) -> Verdict:
    """The verdict on a published error by the rule above. Errors are fractions; `counts` are the numbers of
    sequences that they were measured on."""
    if len(errors) < LEAST_SEEDS:
        seeds = f"{len(errors) or 'no'} finished seed{'s' * (len(errors) != 1)}"
        return Verdict("undecided", None, f"{seeds}, at least {LEAST_SEEDS} are needed")
    count = min(max(min(counts), 1), _PUBLISHED_COUNT)  # records may say anything
    run = further_runs(errors, count, floor)
    parts = [errors, *([*errors[:i], *errors[i + 1 :]] for i in range(len(errors)))]
    words = {
        _compare(published, further_runs(part, count, floor, scale)) for part in parts for scale in Scale
    }
    if len(words) > 1:
        return Verdict("undecided", run, f"{' or '.join(sorted(words))}, by one seed or by the scale")
    word = word_of(published, run)
    if word != "undecided":
        return Verdict(word, run)
    if words == {"reproduced"}:
        return Verdict(word, run, f"the seeds differ too much: one more may have {run} %")
    return Verdict(word, run, f"lower than one more run ({run} %), not than the best of ten")


def judge_runs(published: float, runs: Sequence[Record], rule: Rule = judge) -> Verdict:
    """The verdict of the runs of one setting: open where `evidence_of` has none."""
    evidence = evidence_of(runs)
    return Verdict("open", None, evidence) if isinstance(evidence, str) else rule(published, *evidence)


def evidence_of(runs: Sequence[Record]) -> Evidence | str:
    """The errors of the runs of one setting, or why there is no verdict on them: while a run is missing, and
    where seeds share a training set, as sets differ more than seeds. A run that failed answers nothing: it
    counts as one that guesses."""
    floor = runs[0]["floor"] if runs else 0.0
    outcomes = [outcome(run) for run in runs]
    over = sum(state in ("finished", "failed") for state in outcomes)
    sets = training_sets(runs)
    if over < len(runs):
        return f"{over} of {len(runs)} runs have ended"
    if sets < len(runs):
        return f"{len(runs)} seeds, but {sets} training set{'s' * (sets != 1)}"
    results = [run["result"] for run, state in zip(runs, outcomes, strict=True) if state == "finished"]
    errors = [*(result["test_error"] for result in results), *[floor] * outcomes.count("failed")]
    return Evidence(errors, [result["test_count"] for result in results] or [1], floor)


def training_sets(runs: Sequence[Record]) -> int:
    """How many different ones the runs have."""
    return len({run["specification"]["data"]["seed"] for run in runs})


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


def word_of(published: float, run: Prediction) -> Word:
    """What an interval says of a published error."""
    word = _compare(published, run)
    return "undecided" if word == "reproduced" and not _is_narrow(run) else word


def _compare(published: float, run: Prediction) -> Word:
    if run.high < published - CLOSE:
        return "ours lower"
    if run.low <= published + CLOSE:
        return "reproduced"
    return "ours higher" if run.best > published + CLOSE else "undecided"


def _is_narrow(run: Prediction) -> bool:
    """Whether P could have told another number apart."""
    near = math.exp(log_odds(run.high) - log_odds(run.low)) < _LARGEST_FACTOR
    return near and run.high - run.low < _WIDEST


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


def log_odds(error: float) -> float:
    """Log odds, of what can be told from 0 and from 1."""
    error = min(max(error, CLOSE), 1 - CLOSE)
    return math.log(error / (1 - error))


def angle(error: float) -> float:
    """An error in Anscombe's scale."""
    return math.asin(math.sqrt(error))


def share(angle: float) -> float:
    """The inverse of `angle`, for any angle."""
    return math.sin(min(max(angle, 0.0), math.pi / 2)) ** 2
