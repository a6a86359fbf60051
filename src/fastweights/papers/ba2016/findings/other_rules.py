"""What other intervals of a further run would say alone, for the page to show beside the verdicts.

The words are those of `verdicts`, with the same tolerance and the same demand of a narrow interval, but of
all seeds at once, in one scale. A verdict needs the consent of plain percentages. The range of the seeds
only describes: a further run is outside of it in 2 cases of n + 1, and it never says *lower* where a verdict
says *higher*, or the other way round, as P contains every seed.
"""

from collections.abc import Callable, Mapping, Sequence

from fastweights.papers.ba2016.findings.intervals import Prediction, in_percent, of_the_seeds
from fastweights.papers.ba2016.findings.verdicts import LEAST_SEEDS, Rule, Verdict, word_of

Interval = Callable[[Sequence[float], float], Prediction]
"""Of a further run, given errors and the guessing floor."""


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
