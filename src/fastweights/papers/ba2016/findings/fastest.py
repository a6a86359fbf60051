"""Whether fast weights learn fastest at the size of Figure 2: by the updates to 1 %."""

import math
from collections.abc import Mapping, Sequence

from fastweights.papers.ba2016.findings.evidence import is_complete
from fastweights.papers.ba2016.findings.readings import OPEN, Finding, Settings
from fastweights.papers.ba2016.findings.resamples import agreed, medians, word_of_shares
from fastweights.papers.ba2016.names import FIGURE_SIZE
from fastweights.report.labels import joined, model_label
from fastweights.report.setting_texts import length_text
from fastweights.studies.analysis.settings import Setting

_FAST = "fast-weights"

RULE = (
    "the median number of updates to a validation error of 1 % is smaller than every other model's in 99.9 % "
    "of the resamples of the seeds; it does not, if in 99.9 % it is not; and so by the intervals of the "
    "medians by ranks"
)


def fastest(settings: Settings) -> Finding:
    """By the settings of one reading."""
    compared = {model: setting for (model, size), setting in settings.items() if size == FIGURE_SIZE}
    if _FAST not in compared or len(compared) < 2 or not all(map(is_complete, compared.values())):
        return OPEN
    seeds = {model: setting.updates_to_goal_by_run for model, setting in compared.items()}
    survives, but = agreed(lambda some: word_of_shares([_share(some)]), _word_by_ranks, seeds)
    paces = joined(f"{model_label(model)} {_pace(setting)}" for model, setting in compared.items())
    return survives, (
        f"median updates to 1 %: {paces}, fast weights first in {100 * _share(seeds):.4g} % of the resamples"
        f"{but}."
    )


def _share(seeds: Mapping[str, Sequence[float]]) -> float:
    """Of the resamples, in which fast weights have the smallest median."""
    drawn = {model: medians(tuple(updates), i) for i, (model, updates) in enumerate(seeds.items())}
    ours = drawn.pop(_FAST)
    first = ours < math.inf
    for others in drawn.values():
        first = first & (ours < others)
    return float(first.mean())


def _word_by_ranks(seeds: Mapping[str, Sequence[float]]) -> bool | None:
    """By the intervals of the medians."""
    ours = _interval(seeds[_FAST])
    others = [_interval(updates) for model, updates in seeds.items() if model != _FAST]
    if all(ours[1] < low for low, _ in others):
        return True
    return False if any(high <= ours[0] for _, high in others) else None


def _interval(updates: Sequence[float]) -> tuple[float, float]:
    """Of the median, by ranks: at least 95 % from eight seeds on, 93.75 % of five."""
    left_out = 1 if len(updates) >= 9 else 0
    ordered = sorted(updates)
    return ordered[left_out], ordered[-1 - left_out]


def _pace(setting: Setting) -> str:
    updates = setting.updates_to_goal
    reached = "never" if updates is None or math.isinf(updates) else f"{updates:,.0f}"
    return f"{reached} of {length_text(setting)}"
