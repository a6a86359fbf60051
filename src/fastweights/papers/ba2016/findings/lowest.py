"""The lowest mean error that the record has of a model and size, and how many settings were tried for it.

Descriptive: it is chosen by test error, so no verdict rests on it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from fastweights.papers.ba2016.findings.stages import place
from fastweights.papers.ba2016.published import BA_2016
from fastweights.studies.analysis.runs import Record, grouped, setting_of
from fastweights.studies.analysis.settings import Setting

_LEAST_SEEDS = 3
_MOST_SEQUENCES = 100_000
"""As the paper trains on: more data are another question."""


@dataclass(frozen=True)
class Lowest:
    """Of one model and size, whichever stage asked for the runs."""

    model: str
    hidden_size: int
    paper: float
    """The published test error, as a fraction."""
    tried: Sequence[Setting]
    """Those with a run that has ended."""

    @property
    def eligible(self) -> list[Setting]:
        """Those with enough finished seeds. One of which a seed failed is none: its mean would leave that
        out."""
        return [each for each in self.tried if each.finished >= _LEAST_SEEDS and not each.failed]

    @property
    def setting(self) -> Setting | None:
        """The one with the lowest mean test error; None if none has enough seeds."""
        return min(self.eligible, key=lambda each: each.test_error or 0.0, default=None)

    @property
    def runs_tried(self) -> int:
        """How many runs have ended."""
        return sum(each.finished + each.failed for each in self.tried)


def lowest(runs: Sequence[Record], model: str, hidden_size: int) -> Lowest:
    """Of the paper's task, with at most as many training sequences as the paper has."""
    where = model, hidden_size
    like = [
        run
        for run in runs
        if place(run) == where
        and BA_2016.test_error(run["specification"]["task"], *where) is not None
        and run["specification"]["data"]["train"] <= _MOST_SEQUENCES
    ]
    settings = map(Setting, grouped(like, _whatever_the_data_seed).values())
    paper = BA_2016.test_errors[where] / 100
    return Lowest(model, hidden_size, paper, [each for each in settings if each.ended()])


def _whatever_the_data_seed(run: Record) -> str:
    setting = setting_of(run)
    return json.dumps({**setting, "data": {**setting["data"], "seed": None}}, sort_keys=True)
