"""The contract of an executor, which has the runs of a study trained, and what every worker does with a job.

JAX is imported only where a worker trains: other processes that import this module need none.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from fastweights.errors import CheckpointError

if TYPE_CHECKING:
    from fastweights.runs.worker import Outcome


class Job(NamedTuple):
    """A run to be trained."""

    identifier: str
    specification: dict[str, Any]
    """As JSON: a worker may be on another machine."""
    out: Path
    """Where the trained model is written; its checkpoint stands beside it."""


class Progress(NamedTuple):
    """A worker's report that a run has reached an update and that its checkpoint holds it.

    The first report of a run says that a worker has begun it: update 0, and an error that is NaN.
    """

    identifier: str
    update: int
    validation_error: float


class Executor(Protocol):
    """Takes jobs and returns futures of their outcomes. The scheduler calls all methods from one thread."""

    name: str
    """As the command line and `status` call it."""

    side_by_side: int
    """The most runs that a worker trains at once."""

    crash_errors: tuple[type[Exception], ...]
    """The errors of a future whose worker died."""

    @property
    def resumes_from(self) -> str:
        """Where a run resumes whose worker died, for people to read."""
        ...

    def capacity(self) -> int:
        """How many submissions can be trained at once now; the scheduler makes no more."""
        ...

    def submit(self, jobs: Sequence[Job]) -> "Future[list[Outcome]]":
        """Let one worker train these runs side by side."""
        ...

    def progress(self) -> list[Progress]:
        """What the workers reported since the last call."""
        ...

    def stop(self) -> None:
        """Ask all workers to save and end; their futures give outcomes of the state `interrupted`."""
        ...

    def close(self) -> None:
        """Wait for the workers to end, and release them."""
        ...


def run_jobs(
    jobs: Sequence[Job], report: Callable[[Progress], None], stopped: Callable[[], bool]
) -> "list[Outcome]":
    """Train the jobs from their last checkpoints, side by side if they are several; the outcomes in order.

    A job whose model is there already, because the coordinator died before it recorded the outcome, is not
    trained again.

    Raises: FileError if a file cannot be written; whatever a cell raises.
    """
    from fastweights.runs.specification import RunSpecification
    from fastweights.runs.worker import run_many

    for job in jobs:
        report(Progress(job.identifier, 0, math.nan))
    outcomes = {job.identifier: _outcome_of(job) for job in jobs}
    left = [job for job in jobs if outcomes[job.identifier] is None]
    if left and stopped():
        outcomes.update((job.identifier, {"state": "interrupted"}) for job in left)
    elif left:
        trained = run_many(
            [RunSpecification.from_json(job.specification) for job in left],
            [job.out for job in left],
            report=lambda i, point: report(
                Progress(left[i].identifier, point.update, point.validation_error)
            ),
            stopped=stopped,
        )
        outcomes.update(zip((job.identifier for job in left), trained, strict=True))
    return [outcome for outcome in outcomes.values() if outcome is not None]


def _outcome_of(job: Job) -> "Outcome | None":
    """The outcome in the job's model file; None if there is no such file, or one of another specification."""
    from fastweights.runs.worker import load_model

    if not job.out.exists():
        return None
    try:
        specification, _, outcome = load_model(job.out)
    except CheckpointError:
        return None  # a damaged file is trained again, and replaced
    return outcome if specification.to_json() == job.specification else None
