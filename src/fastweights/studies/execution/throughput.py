"""How fast the runs at work are."""

import time
from collections.abc import Callable
from typing import NamedTuple


class _Reading(NamedTuple):
    second: float
    update: int


class Throughput:
    """Updates per second of each run at work, between its first and its last report.

    The first report of a resumed run says where it stands, not how fast it got there, and update 0 only that
    its worker has begun.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._readings: dict[str, tuple[_Reading, _Reading] | None] = {}

    def begin(self, identifier: str) -> None:
        """The run was given to a worker."""
        self._readings[identifier] = None

    def note(self, identifier: str, update: int) -> None:
        """The run has reached an update."""
        if update > 0:
            last, readings = _Reading(self._clock(), update), self._readings.get(identifier)
            self._readings[identifier] = (readings[0] if readings else last, last)

    def end(self, identifier: str) -> None:
        """The run is at work no longer."""
        self._readings.pop(identifier, None)

    def now(self) -> dict[str, float]:
        """Updates per second by run; 0 for a run with fewer than two reports."""
        return {
            name: 0.0 if readings is None else _rate(*readings) for name, readings in self._readings.items()
        }


def _rate(first: _Reading, last: _Reading) -> float:
    seconds = last.second - first.second
    return round((last.update - first.update) / seconds, 3) if seconds else 0.0
