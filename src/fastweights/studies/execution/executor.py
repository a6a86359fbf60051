"""The contract of an executor: what trains the runs of a study. This module does not import JAX."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

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
