"""Which runs of a study belong to which of its parts: a run can have a role in several."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastweights.studies.analysis.settings import Record, outcome, setting_of

PARTS: Mapping[str, str] = {
    "search": "settings tried",
    "table": "Table 1",
    "figure-2": "Figure 2",
    "ablations": "what the paper leaves open",
    "heat-map": "decay × write rate",
    "letter": "the paper to the letter",
    "initialisation": "embeddings tried",
    "best-initialisation": "the best embedding",
    "regularisation": "weight decays tried",
    "best-regularisation": "the best weight decay",
    "longer": "as long as Figure 2",
    "rates": "lower rates tried",
    "best-rates": "the best lower rate",
    "data": "ten times the training sequences",
    "matched-search": "rates tried at matched sizes",
    "matched": "matched parameters and state",
}
"""The parts of the comparison in the order in which they are told, and what each is about."""


def members(runs: Iterable[Record], part: str) -> list[tuple[Mapping[str, Any], Record]]:
    """The runs of a part, each with its role there; a run with several roles comes several times."""
    return [(role, run) for run in runs for role in run.get("roles") or () if role["part"] == part]


def runs_of(runs: Iterable[Record], part: str) -> list[Record]:
    """The runs of a part."""
    return [run for run in runs if any(role["part"] == part for role in run.get("roles") or ())]


def place(run: Record) -> tuple[str, int]:
    """Model and size."""
    model = run["specification"]["model"]
    return model["name"], model["hidden_size"]


def by_place(runs: Iterable[Record]) -> dict[tuple[str, int], list[Record]]:
    """The runs of each model and size."""
    groups: dict[tuple[str, int], list[Record]] = {}
    for run in runs:
        groups.setdefault(place(run), []).append(run)
    return groups


def by_setting(runs: Iterable[Record]) -> list[list[Record]]:
    """The seeds of each setting, in order of appearance."""
    groups: dict[str, list[Record]] = {}
    for run in runs:
        groups.setdefault(json.dumps(setting_of(run), sort_keys=True), []).append(run)
    return list(groups.values())


def latest(runs: Sequence[Record]) -> list[Record]:
    """The seeds of the setting that was planned last: a search that was widened may have selected anew."""
    last = setting_of(runs[-1]) if runs else None
    return [run for run in runs if setting_of(run) == last]


def progress(runs: Sequence[Record]) -> list[str]:
    """A line for each part: how many of its runs are finished; of the table's, the table tells itself."""
    width = max(map(len, PARTS))
    return [f"{part:{width}}  {_progress(runs_of(runs, part))}" for part in PARTS if part != "table"]


def missing(runs: Sequence[Record]) -> str:
    """`2 of 12 runs finished`, or `no runs yet`; empty if all of them have ended."""
    ended = all(outcome(run) in ("finished", "failed") for run in runs)
    return "" if runs and ended else _progress(runs)


def _progress(runs: Sequence[Record]) -> str:
    if not runs:
        return "no runs yet"
    states = Counter(map(outcome, runs))
    failed = f", {states['failed']} failed" if states["failed"] else ""
    return f"{states['finished']} of {len(runs)} run{'s' * (len(runs) != 1)} finished{failed}"
