"""The queue of messages from the workers on a Ray cluster to their coordinator, and the workers' end of it.

This module does not import JAX: the queue's process needs none.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

from fastweights.studies.execution.executor import Progress

Files = dict[str, bytes]
"""Files of runs by their names; they are sent where no folder is shared."""

Messages = dict[int, tuple[bool, list[Progress], Files]]
"""Whether the folder is shared, the reports and the files, by the numbers of submissions."""

_CARRY_SECONDS = 1.0


class MessageQueue:
    """An actor on the coordinator's node: it keeps what a node sent that is lost the next moment."""

    def __init__(self) -> None:
        self._stop = False
        self._received: Counter[int] = Counter()
        self._messages: Messages = {}

    def put(
        self, number: int, shared: bool, first: int, reports: list[Progress], files: Files
    ) -> tuple[bool, int]:
        """From a worker: how far its runs got, from its report number `first` on, and their checkpoints if
        the folder is not shared. Of these only the last are kept.

        Returns whether the worker should stop, and how many of its reports were received. What comes after a
        gap is not taken: after a restart of the queue everything must be sent again.
        """
        if first == self._received[number]:
            self._received[number] += len(reports)
            _, reports_before, files_before = self._messages.setdefault(number, (shared, [], {}))
            reports_before.extend(reports)
            files_before.update(files)
        return self._stop, self._received[number]

    def take(self, stop: bool) -> Messages:
        """All messages, for the coordinator, twice a second; it repeats `stop` for a restarted queue."""
        messages, self._messages = self._messages, {}
        self._stop = stop
        return messages


class Reporter:
    """Sends a worker's reports: at once if the checkpoint of a report is in a shared folder, else every
    second, together with the checkpoints, so that what was reported is safe.

    A context manager: at its end everything is sent.
    """

    def __init__(self, queue: Any, number: int, folder: Path | None) -> None:
        self._queue, self._number, self._folder = queue, number, folder
        self._reports: list[Progress] = []
        self._sent = 0
        self._sent_files: dict[str, int] = {}
        if folder is not None:
            self._new_files(folder)  # the coordinator has sent these
        self._sent_at = 0.0
        self._answer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._send()
        self.stopped()

    def report(self, progress: Progress) -> None:
        self._reports.append(progress)
        if self._answer is None:
            self._send()
            self.stopped()  # the coordinator must know that a run has begun, whatever the worker dies of next
        elif self._folder is None or time.monotonic() - self._sent_at >= _CARRY_SECONDS:
            self._send()

    def stopped(self) -> bool:
        """Whether the coordinator wants the worker to stop; returns when all that was sent has arrived."""
        import ray  # pyright: ignore[reportMissingImports]

        while True:
            stop, received = ray.get(self._answer)
            if received == self._sent:
                return stop
            self._sent = received  # the queue was restarted
            self._sent_files.clear()
            self._send()

    def _send(self) -> None:
        files = {} if self._folder is None else self._new_files(self._folder)
        self._answer = self._queue.put.remote(
            self._number, self._folder is None, self._sent, self._reports[self._sent :], files
        )
        self._sent, self._sent_at = len(self._reports), time.monotonic()

    def _new_files(self, folder: Path) -> Files:
        """The checkpoints that were written since the last call."""
        files = {}
        for path in folder.glob("*.partial"):
            written = path.stat().st_mtime_ns
            if self._sent_files.get(path.name) != written:
                self._sent_files[path.name], files[path.name] = written, path.read_bytes()
        return files
