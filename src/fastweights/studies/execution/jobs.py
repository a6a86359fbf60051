"""What a worker is handed, what it says meanwhile, and how it is done: the same for every executor."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fastweights.errors import CheckpointError
from fastweights.runs import worker
from fastweights.runs.specification import RunSpecification
from fastweights.runs.worker import Outcome
from fastweights.training.state import Point


class Job(NamedTuple):
    """A run to be done."""

    identifier: str
    specification: dict[str, Any]
    out: Path
    """Where the trained model goes; its partial checkpoint lies beside it."""


class Progress(NamedTuple):
    """A worker's word: a run got so far, and that is safe in its checkpoint. The first says that it begins:
    update 0, with an error that is not a number."""

    identifier: str
    update: int
    validation_error: float


def work(
    jobs: Sequence[Job],
    report: Callable[[Progress], None],
    stopped: Callable[[], bool],
) -> list[Outcome]:
    """Do the jobs, side by side if they are several, from wherever their files stand; the outcomes in order.

    Raises: FileError if a job's files cannot be written; whatever a cell raises.
    """
    for job in jobs:
        report(Progress(job.identifier, 0, math.nan))
    recorded = [_recorded(job) for job in jobs]
    left = [job for job, outcome in zip(jobs, recorded, strict=True) if outcome is None]
    done = iter(_do(left, report, stopped) if left else [])
    return [next(done) if outcome is None else outcome for outcome in recorded]


def _do(
    jobs: Sequence[Job], report: Callable[[Progress], None], stopped: Callable[[], bool]
) -> list[Outcome]:
    if stopped():
        return [{"state": "interrupted"} for _ in jobs]

    def tell(i: int, point: Point) -> None:
        report(Progress(jobs[i].identifier, point.update, point.validation_error))

    specifications = [RunSpecification.from_json(job.specification) for job in jobs]
    return worker.run_many(specifications, [job.out for job in jobs], report=tell, stopped=stopped)


def _recorded(job: Job) -> Outcome | None:
    """The outcome of a run that was finished by a worker whose coordinator died before it heard of it."""
    if not job.out.exists():
        return None
    try:
        found, _, outcome = worker.load_model(job.out)
    except CheckpointError:
        return None  # a damaged file is trained again, and replaced
    return outcome if found.to_json() == job.specification else None
