"""How long a study will take yet, from what its runs have taken so far."""

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastweights.studies.analysis.progress import RunProgress

_Shape = tuple[str, int]
"""A model and its hidden size."""


def seconds_left(runs: Sequence["RunProgress"], at_once: int) -> float | None:
    """Seconds until the last run ends, if so many runs are at work at once; None if nothing is known.

    The work left is Σ (updates left) × (seconds an update) over the runs that are not over. It is shared
    evenly, but no run is shared: the longest of them is the least that it can take.
    """
    left = [(run, run.updates - run.update) for run in runs if run.state not in ("finished", "failed")]
    paces = _seconds_an_update(runs)
    if not left:
        return 0.0
    if not paces:
        return None
    # Of shapes that nobody has trained yet: an update's products are R × R.
    usual = fmean(seconds / size**2 for (_, size), seconds in paces.items())
    work = [
        updates * paces.get((run.model, run.hidden_size), usual * run.hidden_size**2) for run, updates in left
    ]
    return max(sum(work) / at_once, *work)


def _seconds_an_update(runs: Sequence["RunProgress"]) -> dict[_Shape, float]:
    """The mean of each shape that has been at work: of its runs at work, else of its finished ones."""
    now: dict[_Shape, list[float]] = {}
    before: dict[_Shape, list[float]] = {}
    for run in runs:
        shape = run.model, run.hidden_size
        if run.updates_per_second:
            now.setdefault(shape, []).append(1 / run.updates_per_second)
        elif run.seconds is not None:
            before.setdefault(shape, []).append(run.seconds / run.updates)
    return {shape: fmean(seconds) for shape, seconds in (before | now).items()}
