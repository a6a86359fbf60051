"""How far a study is: its runs by state, how fast they are, what is left, and who works on it."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

from fastweights.studies.record.store import Run

STATES = ("finished", "failed", "running", "interrupted", "waiting")
"""Of a run. An interrupted one has begun, and no process is at work on it."""


@dataclass(frozen=True)
class RunProgress:
    """How far a run is."""

    id: str
    task: Mapping[str, Any]
    """Its name and options."""
    model: str
    hidden_size: int
    layers: int
    label: str
    """What tells it from others of the same model, size and task in a study of a file's; perhaps nothing."""
    learning_rate: float
    seed: int
    state: str
    update: int
    """The last that is known."""
    updates: int
    validation_error: float | None
    """At that update, as a fraction, or squared."""
    updates_per_second: float | None
    """While it was at work, as its coordinator last recorded."""
    seconds: float | None
    """What it took, if it is finished."""
    losses: int
    """How often it crashed since it last made progress."""
    failure: str | None
    error_kind: str = "share"
    """What its errors are: shares of wrong answers, or `squared`."""


@dataclass(frozen=True)
class Coordinator:
    """Who works on a study, or did last, as it recorded itself."""

    executor: str
    workers: int
    side_by_side: int
    """The most runs that a worker trains at once."""
    takes_over: str
    """What a crashed run resumes from, in words."""
    signed_seconds_ago: float
    """Since its last heartbeat."""


@dataclass(frozen=True)
class StudyStatus:
    """How far a study is."""

    study: str
    preset: str
    command: Sequence[str]
    """The command that runs it, as typed, without the options that say where and by whom; empty if a program
    did."""
    storage: str
    owner: str | None
    """The coordinator at work, in words; None if there is none."""
    coordinator: Coordinator | None
    """The last one; None if there has never been any."""
    states: Mapping[str, int]
    """How many runs are in each of `STATES`."""
    update: int
    """Over all runs that have not failed."""
    updates: int
    updates_per_second: float | None
    """Of all runs at work; None if there are none, or none is recorded yet."""
    seconds_left: float | None
    """While there is no coordinator: from when the last one's workers go on. None if nothing is known."""
    runs: Sequence[RunProgress]


def study_status(
    name: str, storage: str, attributes: Mapping[str, Any], runs: Sequence[Run], owner: str | None, now: float
) -> StudyStatus:
    """What the record (`attributes` and `runs`) and its owner say at the time `now`."""
    sign = attributes.get("coordinator")
    paces = sign["updates_per_second"] if sign else {}
    labels = _labels(attributes)
    at_work = paces if owner is not None else ()  # an earlier coordinator may have begun others
    progress = [
        run_progress(
            run,
            paces.get(run.identifier),
            labels.get(run.identifier, ""),
            at_work=run.identifier in at_work,
        )
        for run in runs
    ]
    coordinator = None
    if sign:  # another machine's clock may be ahead of this one's
        seconds_ago, side_by_side = max(now - sign["seen"], 0.0), sign.get("side_by_side", 1)
        coordinator = Coordinator(
            sign["executor"], sign["workers"], side_by_side, sign["takes_over"], seconds_ago
        )
    counts = Counter(run.state for run in progress)
    unfailed = [run for run in progress if run.state != "failed"]
    speed = sum(run.updates_per_second or 0.0 for run in progress if run.state == "running")
    at_once = coordinator.workers * coordinator.side_by_side if coordinator else 1
    return StudyStatus(
        study=name,
        preset=str(attributes.get("preset", "")),
        command=_command(attributes),
        storage=storage,
        owner=owner,
        coordinator=coordinator,
        states={state: counts[state] for state in STATES},
        update=sum(run.update for run in unfailed),
        updates=sum(run.updates for run in unfailed),
        updates_per_second=speed or None,
        seconds_left=seconds_left(progress, max(at_once, 1)),
        runs=progress,
    )


def _command(attributes: Mapping[str, Any]) -> list[str]:
    asked = [str(word) for word in attributes.get("asked", ())]
    if "planned" in attributes:
        return ["study", "run", *asked] if asked else []
    return ["reproduce", "--preset", str(attributes.get("preset", "")), *asked]


def _labels(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The labels of the rows that runs belong to, by identifier."""
    return {
        name: ", ".join(filter(None, dict.fromkeys(role.get("row", "") for role in roles)))
        for name, roles in attributes.get("planned", {}).items()
    }


def run_progress(
    run: Run, pace: float | None = None, label: str = "", *, at_work: bool = False
) -> RunProgress:
    """How far a run is, at its pace in updates a second while somebody is at work."""
    model, training = run.specification["model"], run.specification["training"]
    outcome = run.outcome or {}
    begun = "running" if at_work else "interrupted"
    update = max(run.points, default=0)
    error = run.points.get(update)
    return RunProgress(
        id=run.identifier,
        task=run.specification["task"],
        model=str(model["name"]),
        hidden_size=int(model["hidden_size"]),
        layers=int(model.get("blocks", {}).get("layers", 1)),
        label=label,
        learning_rate=float(training["learning_rate"]),
        seed=int(run.specification["seed"]),
        state=begun if run.state == "running" else run.state,
        update=int(training["updates"]) if run.state == "finished" else update,
        updates=int(training["updates"]),
        validation_error=error if error is not None and math.isfinite(error) else None,
        error_kind=run.error_kind,
        updates_per_second=float(pace) if pace and run.state == "running" else None,
        seconds=float(outcome["result"]["seconds"]) if run.state == "finished" else None,
        losses=len(run.crashes),
        failure=str(outcome.get("failure")) if run.state == "failed" else None,
    )


def seconds_left(
    runs: Sequence[RunProgress], at_once: int, paces: "Mapping[Shape, float] | None" = None
) -> float | None:
    """Seconds until the last run ends, if so many runs are at work at once; None if nothing is known. `paces`
    are seconds an update, by default those of the runs themselves.

    The work left is Σ (updates left) × (seconds an update) over the runs that are not over. It is shared
    evenly, but no run is shared: the longest of them is the least that it can take.
    """
    left = [(run, run.updates - run.update) for run in runs if run.state not in ("finished", "failed")]
    if not left:
        return 0.0
    paces = seconds_an_update(runs) if paces is None else paces
    if not paces:
        return None
    usual = fmean(seconds / shape.products for shape, seconds in paces.items())
    shapes = [(Shape.of(run), updates) for run, updates in left]
    work = [updates * paces.get(shape, usual * shape.products) for shape, updates in shapes]
    return max(sum(work) / at_once, *work)


class Shape(NamedTuple):
    """What the time of an update depends on most."""

    task: str
    model: str
    hidden_size: int
    layers: int

    @classmethod
    def of(cls, run: RunProgress) -> "Shape":
        """That of a run."""
        return cls(json.dumps(run.task, sort_keys=True), run.model, run.hidden_size, run.layers)

    @property
    def products(self) -> int:
        """What shapes that have not been trained yet are estimated by: a layer's products are R × R."""
        return self.layers * self.hidden_size**2


def seconds_an_update(runs: Sequence[RunProgress]) -> dict[Shape, float]:
    """The mean of each shape that has been at work: of its runs at work, else of its finished ones."""
    now: dict[Shape, list[float]] = {}
    before: dict[Shape, list[float]] = {}
    for run in runs:
        shape = Shape.of(run)
        if run.updates_per_second:
            now.setdefault(shape, []).append(1 / run.updates_per_second)
        elif run.seconds is not None:
            before.setdefault(shape, []).append(run.seconds / run.updates)
    return {shape: fmean(seconds) for shape, seconds in (before | now).items()}
