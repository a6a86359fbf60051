"""The mailbox between the workers on a Ray cluster and their coordinator, and the workers' end of it."""

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fastweights.studies.execution.jobs import Progress

Word = tuple[str, int, float]
"""A `Progress`, without its class: the mailbox would import JAX for it."""

Files = dict[str, bytes]
"""Files of runs by their names; they travel where no folder is shared."""

_CARRY_SECONDS = 1.0


class Letters(NamedTuple):
    """What lay in the mailbox, by the numbers of submissions."""

    words: dict[int, list[Word]]
    files: dict[int, Files]
    shared: dict[int, bool]


class Mailbox:
    """On the coordinator's node, so that it keeps what a node sent that is lost the next moment."""

    def __init__(self) -> None:
        self._stop = False
        self._heard: Counter[int] = Counter()
        self._letters = Letters({}, {}, {})

    def post(
        self, number: int, shared: bool, first: int, words: list[Word], files: Files
    ) -> tuple[bool, int]:
        """From a worker: how far its runs got, from its word number `first` on, and their checkpoints if the
        folder is not shared. Of these only the last are kept.

        The answer is whether the worker should stop, and how many words of it are known here. What comes
        after a gap is not taken: a mailbox that was restarted must be told everything again.
        """
        if first == self._heard[number]:
            self._heard[number] += len(words)
            self._letters.words.setdefault(number, []).extend(words)
            self._letters.files.setdefault(number, {}).update(files)
            self._letters.shared[number] = shared
        return self._stop, self._heard[number]

    def empty(self, stop: bool) -> Letters:
        """From the coordinator, twice a second; a mailbox that was restarted learns `stop` anew."""
        letters, self._letters = self._letters, Letters({}, {}, {})
        self._stop = stop
        return letters


class Reporter:
    """Posts what a worker says, each thing at once if the checkpoint it speaks of is in a shared folder;
    else every second, with the checkpoints: what was reported is safe."""

    def __init__(self, mailbox: Any, number: int, folder: Path | None) -> None:
        self._mailbox, self._number, self._folder = mailbox, number, folder
        self._said: list[Word] = []
        self._told = 0
        self._sent: dict[str, int] = {}
        if folder is not None:
            self._news(folder)  # the coordinator has sent them
        self._posted = 0.0
        self._answer: Any = None

    def report(self, progress: "Progress") -> None:
        self._said.append((progress.identifier, progress.update, progress.validation_error))
        if self._answer is None:
            self.flush()  # it must be known that a run has begun, whatever the worker dies of next
        elif self._folder is None or time.monotonic() - self._posted >= _CARRY_SECONDS:
            self._post()

    def stopped(self) -> bool:
        """Whether the coordinator wants the worker to stop; asked when all that was posted has arrived."""
        import ray  # pyright: ignore[reportMissingImports]

        while True:
            stop, heard = ray.get(self._answer)
            if heard == self._told:
                return stop
            self._told = heard  # the mailbox was restarted
            self._sent.clear()
            self._post()

    def flush(self) -> None:
        """Post what is held back, and wait until it has arrived."""
        self._post()
        self.stopped()

    def _post(self) -> None:
        files = {} if self._folder is None else self._news(self._folder)
        self._answer = self._mailbox.post.remote(
            self._number, self._folder is None, self._told, self._said[self._told :], files
        )
        self._told, self._posted = len(self._said), time.monotonic()

    def _news(self, folder: Path) -> Files:
        """The checkpoints that were written since the last time."""
        found = {}
        for path in folder.glob("*.partial"):
            written = path.stat().st_mtime_ns
            if self._sent.get(path.name) != written:
                self._sent[path.name], found[path.name] = written, path.read_bytes()
        return found
