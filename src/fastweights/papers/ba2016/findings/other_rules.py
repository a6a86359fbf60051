"""What other intervals of a further run would say: a verdict that hangs on the kind of interval is not sure.

The words are those of `verdicts`, with the same tolerance and the same demand of a narrow interval, but of
all seeds at once, in one scale. Two intervals that a reader may prefer:

- Student's prediction interval of plain percentages, μ ± t(0.975; n − 1) s √(1 + 1/n), within 0 and what
  guessing may have; the best of ten as in `verdicts`;
- the range of the seeds, which assumes no distribution, and has no notion of a best of ten: a further run is
  outside of it in 2 cases of n + 1.
"""

from collections.abc import Callable, Mapping, Sequence

from fastweights.papers.ba2016.findings.verdicts import (
    LEAST_SEEDS,
    Prediction,
    Rule,
    Verdict,
    student_interval,
    word_of,
)

Interval = Callable[[Sequence[float], float], Prediction]
"""Of a further run, given errors and the guessing floor."""


def in_percent(errors: Sequence[float], floor: float) -> Prediction:
    """Student's interval without a change of scale."""
    best, low, high = student_interval(errors)
    most = max(floor, *errors)
    return Prediction(*(min(max(end, 0.0), most) for end in (best, low, high)))


def of_the_seeds(errors: Sequence[float], _: float) -> Prediction:
    """From the lowest to the highest."""
    return Prediction(min(errors), min(errors), max(errors))


def _rule(interval: Interval) -> Rule:
    def judge(published: float, errors: Sequence[float], _: Sequence[int], floor: float) -> Verdict:
        if len(errors) < LEAST_SEEDS:
            return Verdict("undecided")
        run = interval(errors, floor)
        return Verdict(word_of(published, run), run)

    return judge


OTHER_RULES: Mapping[str, Rule] = {
    "percentages": _rule(in_percent),
    "the range": _rule(of_the_seeds),
}
"""By the name of their interval."""
