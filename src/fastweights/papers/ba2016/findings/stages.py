"""Which runs of a study belong to which of its stages: a run can be tagged with several."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fastweights.papers.ba2016.names import Stage
from fastweights.report.labels import model_order
from fastweights.studies.analysis.runs import Key, Record, grouped, outcome, setting_of
from fastweights.studies.analysis.settings import Setting


def tagged(runs: Iterable[Record], stage: Stage) -> list[tuple[Mapping[str, Any], Record]]:
    """The runs of a stage, each with its tags there; a run can come several times."""
    return [(tags, run) for run in runs for tags in run.get("roles") or () if tags["part"] == stage]


def runs_of(runs: Iterable[Record], stage: Stage) -> list[Record]:
    """The runs of a stage."""
    return [run for run in runs if any(tags["part"] == stage for tags in run.get("roles") or ())]


def with_role(runs: Iterable[Record]) -> list[Record]:
    """The runs of the plan, without those that only an earlier one asked for."""
    return [run for run in runs if run.get("roles")]


def place(run: Record) -> tuple[str, int]:
    """Model and size."""
    model = run["specification"]["model"]
    return model["name"], model["hidden_size"]


def choices(options: Mapping[str, Any]) -> dict[str, Any]:
    """What a specification chooses: its model and training, not its task and data."""
    return {name: options[name] for name in ("model", "training")}


def stage_settings(
    runs: Iterable[Record], stage: Stage, key: Callable[[Mapping[str, Any], Record], Key | None]
) -> dict[Key, Setting]:
    """The settings of a stage by what tags and run say of each; what they say None of is left out.

    Of several settings with one key the one that was planned last: a search that was widened may have
    selected anew. A run of which two tags say the same is one run.
    """
    groups = grouped(tagged(runs, stage), lambda pair: key(*pair))
    return {
        which: Setting(
            list({run["id"]: run for _, run in pairs if kind_of(run) == kind_of(pairs[-1][1])}.values())
        )
        for which, pairs in groups.items()
        if which is not None
    }


def kind_of(run: Record) -> Record:
    """Its setting; whatever the data, if they are drawn from the run's own seed."""
    setting = setting_of(run)
    data = setting["data"]
    return (
        {**setting, "data": {**data, "seed": "own"}}
        if data["seed"] == run["specification"]["seed"]
        else setting
    )


def place_settings(runs: Iterable[Record], stage: Stage) -> dict[tuple[str, int], Setting]:
    """The settings of a stage by model and size; models in the paper's order."""
    settings = stage_settings(runs, stage, lambda _, run: place(run))
    return {where: settings[where] for where in sorted(settings, key=lambda where: model_order(where[0]))}


def progress(runs: Sequence[Record]) -> list[str]:
    """How many runs of each stage are finished, after a line that says of which: that all of these have ended
    does not end a stage, as the plan names the next runs when those before have ended. The table itself shows
    that of Table 1."""
    width = max(map(len, Stage))
    stages = [
        f"{stage:{width}}  {_progress(runs_of(runs, stage))}" for stage in Stage if stage != Stage.TABLE
    ]
    apart = len(runs) - len(with_role(runs))
    earlier = [f"of no stage any more: {apart:,} runs"] * (apart > 0)
    return ["Of the runs that are named so far:", *stages, *earlier]


def missing(runs: Sequence[Record]) -> str:
    """`2 of 12 runs finished`, or `no runs yet`; empty if all of them have ended."""
    ended = all(outcome(run) in ("finished", "failed") for run in runs)
    return "" if runs and ended else _progress(runs)


def _progress(runs: Sequence[Record]) -> str:
    if not runs:
        return "no runs yet"
    outcomes = Counter(map(outcome, runs))
    failed = f", {outcomes['failed']} failed" if outcomes["failed"] else ""
    return f"{outcomes['finished']} of {len(runs)} run{'s' * (len(runs) != 1)} finished{failed}"
