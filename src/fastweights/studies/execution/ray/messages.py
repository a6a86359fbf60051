"""The coordinator's end of the mailbox: it takes the letters out, and says how each submission ended."""

import contextlib
import queue
import re
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

from fastweights.errors import FastweightsError, FileError, StudyError
from fastweights.files import write_atomically
from fastweights.runs.worker import Outcome
from fastweights.studies.execution.jobs import Progress
from fastweights.studies.execution.ray import cluster as ray_cluster
from fastweights.studies.execution.ray.queue import Files
from fastweights.studies.execution.ray.worker import WorkerLostError

_INTERVAL_SECONDS = 0.5
_PATIENCE_SECONDS = 60
_NOTHING = 0


class RemoteError(Exception):
    """What a worker raised, with its traceback there."""


class _Open(NamedTuple):
    """A submission that has not ended."""

    ref: Any
    future: Future[list[Outcome]]
    folder: Path


class Mail:
    """A thread that empties the mailbox twice a second.

    It is the only one that handles what comes from workers, so that things happen in order: checkpoints are
    written before their progress is told, and all that a worker had to say before its submission ends.
    Letters of submissions that have ended are thrown away: who writes them was given up.
    """

    def __init__(self, mailbox: Any) -> None:
        self._mailbox = mailbox
        self._open: dict[int, _Open] = {}
        self._ended: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._words: queue.SimpleQueue[Progress] = queue.SimpleQueue()
        self._trouble: FastweightsError | None = None
        self._stop = False
        self.begun: set[int] = set()
        """The submissions whose workers have said so."""
        self.shared: set[bool] = set()
        """Whether the workers heard of so far see the study's folder."""
        self._thread = threading.Thread(target=self._work, name="fastweights-mail", daemon=True)
        self._thread.start()

    def expect(self, number: int, ref: Any, folder: Path) -> Future[list[Outcome]]:
        """The future of a submission; what its worker sends goes to the folder."""
        future: Future[list[Outcome]] = Future()
        future.set_running_or_notify_cancel()
        self._open[number] = _Open(ref, future, folder)
        ref.future().add_done_callback(lambda _: self._ended.put(number))
        return future

    def words(self) -> list[Progress]:
        """What the workers said since the last call.

        Raises: FileError if a checkpoint cannot be written; StudyError if the cluster is of no use.
        """
        if self._trouble is not None:
            raise self._trouble
        return [self._words.get() for _ in range(self._words.qsize())]

    def stop(self) -> None:
        """Let the workers know that they should stop."""
        self._stop = True
        self._ended.put(_NOTHING)  # at once

    def close(self) -> None:
        """End the thread; nobody waits for submissions any more."""
        self._ended.put(None)
        self._thread.join()

    def _work(self) -> None:
        try:
            while True:
                number = _NOTHING
                with contextlib.suppress(queue.Empty):
                    number = self._ended.get(timeout=_INTERVAL_SECONDS)
                if number is None:
                    return
                self._empty()
                if number != _NOTHING:
                    self._end(number)
        except BaseException as error:
            self._give_up(StudyError(f"lost touch with the Ray cluster: {error}"))
            raise

    def _empty(self) -> None:
        letters = ray_cluster.ray.get(self._mailbox.empty.remote(self._stop), timeout=_PATIENCE_SECONDS)
        self.shared.update(letters.shared.values())
        for number, words in letters.words.items():
            if number in self._open:
                self.begun.add(number)
                try:
                    _write(letters.files.get(number, {}), self._open[number].folder)
                except FileError as error:
                    self._trouble = error  # and what was not written is not told
                    continue
                for word in words:
                    self._words.put(Progress(*word))

    def _end(self, number: int) -> None:
        ref, future, folder = self._open.pop(number)
        try:
            outcomes, files = ray_cluster.ray.get(ref, timeout=_PATIENCE_SECONDS)
            _write(files, folder)
        except FileError as error:
            future.set_exception(error if type(error) is FileError else FileError(_cause(error)))
        except ray_cluster.ray.exceptions.RayError as error:
            if getattr(error, "actor_init_failed", False) and not self.begun:
                self._trouble = StudyError(f"a worker cannot start: {str(error).strip().splitlines()[-1]}")
            future.set_exception(_meaning(error))
        else:
            future.set_result(outcomes)

    def _give_up(self, error: FastweightsError) -> None:
        self._trouble = error
        while self._open:
            self._open.popitem()[1].future.set_exception(error)


def _write(files: Files, folder: Path) -> None:
    for name, content in files.items():
        write_atomically(folder / name, content)
        if not name.endswith(".partial"):
            (folder / f"{name}.partial").unlink(missing_ok=True)  # the run is done: this is its model


def _meaning(error: Exception) -> Exception:
    """What a submission died of. Workers raise whatever a cell does; everything else is Ray's word for a
    worker, a node or a result that was lost."""
    if not isinstance(error, ray_cluster.ray.exceptions.RayTaskError):
        return WorkerLostError(str(error))
    cause = _cause(error)
    if not isinstance(cause, Exception):
        return RemoteError(_traceback(error))
    if not isinstance(cause, WorkerLostError):
        cause.__cause__ = RemoteError(_traceback(error))
    return cause


def _traceback(error: Exception) -> str:
    """Ray's text of it, without Ray's own frames, colours and numbers of its actors."""
    plain = re.sub(r"\x1b\[\d*m", "", str(error))
    frames = plain[max(plain.find("\n  File "), 0) :]
    return f"\nTraceback (most recent call last):{frames}"


def _cause(error: Exception) -> Any:
    return getattr(error, "cause", None)
