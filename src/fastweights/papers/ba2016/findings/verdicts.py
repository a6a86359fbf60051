"""Whether a published error is reproduced: one rule for every number.

What is published is one number from an unstated number of runs: one run, or the best of a search. So it is
compared with what a further run of ours may have, P, and with what the best of ten further runs may have, B
(`intervals`). The published error stands for Q, 0.05 percentage points to either side, ten sequences of
20,000: its rounding, and what is too little to matter.

The published error is

- ours lower: P lies below Q;
- ours higher: Q lies below what even the best of ten would have;
- reproduced: P and Q overlap, and P is narrow enough to have told another number apart: its ends (in log
  odds) are less than ten percentage points and a factor of ten in odds apart, where less than 0.05 % counts
  as 0.05 %;
- undecided: else; or with fewer than five seeds; or if any one seed left out, or the other scale, would
  change the answer; or if Student's interval of plain percentages has another answer;
- open: while there is nothing to judge: a run is missing, or seeds share a training set.

So few seeds, seeds in two groups, and a number at the border give no verdict rather than a kind one.
`benchmarks/verdict_errors.py` prints how often the rule errs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from fastweights.papers.ba2016.findings.intervals import Prediction, Scale, further_runs, in_percent
from fastweights.studies.analysis.runs import Record, outcome

Word = Literal["reproduced", "ours lower", "ours higher", "undecided", "open"]

LEAST_SEEDS = 5
"""Fewer give no word: they miss the late seed that tells another number apart."""
CLOSE = 0.0005
"""Errors no farther apart than this are not told apart: ten of 20,000 test sequences."""
NEAR_FLOOR = 0.05
"""An error less than this below the guessing floor is at the floor: digits are not linked to letters."""

_WIDEST, _LARGEST_FACTOR = 0.10, 10.0
_PUBLISHED_COUNT = 20_000


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
    verdict = judge_by_p(published, errors, counts, floor)
    if verdict.word == "undecided":
        return verdict
    other = word_of(published, in_percent(errors, floor))
    if other == verdict.word:
        return verdict
    return Verdict("undecided", verdict.run, f"{verdict.word} by P, but {other} by percentages")


def judge_by_p(published: float, errors: Sequence[float], counts: Sequence[int], floor: float) -> Verdict:
    """The same before the interval of plain percentages is asked."""
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


def log_odds(error: float) -> float:
    """Log odds, of what can be told from 0 and from 1."""
    error = min(max(error, CLOSE), 1 - CLOSE)
    return math.log(error / (1 - error))
