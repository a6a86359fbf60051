"""Whether fast weights learn fastest at the size of Figure 2: by the updates to 1 %."""

import math
from collections.abc import Mapping, Sequence

from fastweights.papers.ba2016.findings.evidence import is_complete
from fastweights.papers.ba2016.findings.readings import OPEN, Finding, Settings
from fastweights.papers.ba2016.findings.resamples import medians, without_any_seed, word_of_shares
from fastweights.papers.ba2016.names import FIGURE_SIZE
from fastweights.report.labels import joined, model_label
from fastweights.report.setting_texts import length_text
from fastweights.studies.analysis.settings import Setting

_FAST = "fast-weights"

RULE = (
    "the median number of updates to a validation error of 1 % is smaller than every other model's in 99.9 % "
    "of the resamples of the seeds; it does not, if in 99.9 % it is not"
)


def fastest(settings: Settings) -> Finding:
    """By the settings of one reading."""
    compared = {model: setting for (model, size), setting in settings.items() if size == FIGURE_SIZE}
    if _FAST not in compared or len(compared) < 2 or not all(map(is_complete, compared.values())):
        return OPEN
    seeds = {model: setting.updates_to_goal_by_run for model, setting in compared.items()}
    survives, but = without_any_seed(lambda some: word_of_shares([_share(some)]), seeds)
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


def _pace(setting: Setting) -> str:
    updates = setting.updates_to_goal
    reached = "never" if updates is None or math.isinf(updates) else f"{updates:,.0f}"
    return f"{reached} of {length_text(setting)}"
