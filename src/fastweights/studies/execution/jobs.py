"""How a worker trains the jobs that it is given: the same for every executor."""

import math
from collections.abc import Callable, Sequence

from fastweights.errors import CheckpointError
from fastweights.runs import worker
from fastweights.runs.specification import RunSpecification
from fastweights.runs.worker import Outcome
from fastweights.studies.execution.executor import Job, Progress


def run_jobs(
    jobs: Sequence[Job], report: Callable[[Progress], None], stopped: Callable[[], bool]
) -> list[Outcome]:
    """Train the jobs from their last checkpoints, side by side if they are several; the outcomes in order.

    A job whose model is there already, because the coordinator died before it recorded the outcome, is not
    trained again.

    Raises: FileError if a file cannot be written; whatever a cell raises.
    """
    for job in jobs:
        report(Progress(job.identifier, 0, math.nan))
    outcomes = {job.identifier: _outcome_of(job) for job in jobs}
    left = [job for job in jobs if outcomes[job.identifier] is None]
    if left and stopped():
        outcomes.update((job.identifier, {"state": "interrupted"}) for job in left)
    elif left:
        trained = worker.run_many(
            [RunSpecification.from_json(job.specification) for job in left],
            [job.out for job in left],
            report=lambda i, point: report(
                Progress(left[i].identifier, point.update, point.validation_error)
            ),
            stopped=stopped,
        )
        outcomes.update(zip((job.identifier for job in left), trained, strict=True))
    return [outcome for outcome in outcomes.values() if outcome is not None]


def _outcome_of(job: Job) -> Outcome | None:
    """The outcome in the job's model file; None if there is no such file, or one of another specification."""
    if not job.out.exists():
        return None
    try:
        specification, _, outcome = worker.load_model(job.out)
    except CheckpointError:
        return None  # a damaged file is trained again, and replaced
    return outcome if specification.to_json() == job.specification else None
