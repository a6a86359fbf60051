"""How fast the runs at work are."""

import time
from collections.abc import Callable
from typing import NamedTuple


class Word(NamedTuple):
    """When a run said that it had reached an update."""

    second: float
    update: int


class Throughput:
    """Updates per second of each run at work, between its first and its last word.

    The first word of a run that is taken up says where it stood, not how fast it got there; update 0, that
    its worker has not looked yet.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._words: dict[str, tuple[Word, Word] | None] = {}

    def begin(self, identifier: str) -> None:
        """The run was handed out."""
        self._words[identifier] = None

    def note(self, identifier: str, update: int) -> None:
        """The run has reached an update."""
        if update > 0:
            last, words = Word(self._clock(), update), self._words.get(identifier)
            self._words[identifier] = (words[0] if words else last, last)

    def end(self, identifier: str) -> None:
        """The run is at work no longer."""
        self._words.pop(identifier, None)

    def now(self) -> dict[str, float]:
        """Updates per second by run; 0 for a run that has not said enough yet."""
        return {name: 0.0 if words is None else _rate(*words) for name, words in self._words.items()}


def _rate(first: Word, last: Word) -> float:
    seconds = last.second - first.second
    return round((last.update - first.update) / seconds, 3) if seconds else 0.0
