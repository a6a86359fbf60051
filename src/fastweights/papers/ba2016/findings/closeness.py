"""How near a published number is to another verdict: which of them need ten more seeds."""

import math
from collections.abc import Sequence
from statistics import stdev

from fastweights.papers.ba2016.findings.intervals import angle, share
from fastweights.papers.ba2016.findings.verdicts import Evidence, judge

_FARTHEST, _STEP = 50.0, 1.1


def distance_to_another_verdict(published: float, evidence: Evidence) -> float:
    """By how many standard deviations of a run all seeds would have to move together, in Anscombe's scale,
    for another verdict, to 10 %; infinite above 50. Where all seeds agree, a run's standard deviation is the
    chance of its test set, 1/(2 √N)."""
    errors, counts, floor = evidence
    word, angles = judge(published, errors, counts, floor).word, list(map(angle, errors))
    deviation = max(stdev(angles), 1 / (2 * math.sqrt(max(min(counts), 1))))
    distance = 0.05
    while distance < _FARTHEST:
        for moved in (distance * deviation, -distance * deviation):
            if judge(published, _moved(angles, moved), counts, floor).word != word:
                return distance
        distance *= _STEP
    return math.inf


def _moved(angles: Sequence[float], by: float) -> list[float]:
    return [share(each + by) for each in angles]
