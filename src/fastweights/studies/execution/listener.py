"""Who is told of the progress of a study: the contract of a progress display."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from fastweights.studies.record.store import Run

if TYPE_CHECKING:
    from fastweights.runs.worker import Outcome


class Listener(Protocol):
    """Is called as a study proceeds, by the coordinator and in its thread."""

    def planned(self, runs: Sequence[Run]) -> None:
        """All runs of the study, those already finished included; again when more follow from the results."""

    def began(self, run: Run) -> None:
        """A run was given to a worker."""

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        """A run reached an update."""

    def crashed(self, run: Run, reason: str) -> None:
        """A run raised, or its worker died; it will be tried again."""

    def ended(self, run: Run, outcome: "Outcome") -> None:
        """A run finished or failed."""


class Quiet(Listener):
    """Shows nothing."""
