"""The coordinator's end of the message queue: it receives the messages and ends the submissions."""

import contextlib
import queue
import re
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from fastweights.errors import FastweightsError, FileError, StudyError
from fastweights.files import write_atomically
from fastweights.runs.worker import Outcome
from fastweights.studies.execution.executor import Progress
from fastweights.studies.execution.ray import cluster
from fastweights.studies.execution.ray.message_queue import Files
from fastweights.studies.execution.ray.worker import WorkerLostError

_INTERVAL_SECONDS = 0.5
_PATIENCE_SECONDS = 60
_NO_SUBMISSION = 0


class RemoteError(Exception):
    """What a worker raised, with its traceback there."""


class MessageReceiver:
    """A thread that empties the message queue twice a second.

    No other handles what comes from workers, so that things happen in order: a checkpoint is written before
    its progress is passed on, and all progress of a submission is before its end. Messages of submissions
    that have ended are thrown away.
    """

    def __init__(self, message_queue: Any) -> None:
        self._queue = message_queue
        self._submissions: dict[int, tuple[Any, Future[list[Outcome]], Path]] = {}
        self._ended: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._progress: queue.SimpleQueue[Progress] = queue.SimpleQueue()
        self._error: FastweightsError | None = None
        self._stop = False
        self.begun: set[int] = set()
        """The submissions whose workers have begun."""
        self.shared: set[bool] = set()
        """Whether the workers so far see the study's folder."""
        self._thread = threading.Thread(target=self._run, name="fastweights-messages", daemon=True)
        self._thread.start()

    def expect(self, number: int, ref: Any, folder: Path) -> Future[list[Outcome]]:
        """The future of a submission; the files that its worker sends are written to the folder."""
        future: Future[list[Outcome]] = Future()
        future.set_running_or_notify_cancel()
        self._submissions[number] = ref, future, folder
        ref.future().add_done_callback(lambda _: self._ended.put(number))
        return future

    def progress(self) -> list[Progress]:
        """What the workers reported since the last call.

        Raises: FileError if a checkpoint cannot be written; StudyError if the cluster cannot be used.
        """
        if self._error is not None:
            raise self._error
        return [self._progress.get() for _ in range(self._progress.qsize())]

    def stop(self) -> None:
        """Ask the workers to stop."""
        self._stop = True
        self._ended.put(_NO_SUBMISSION)  # at once

    def close(self) -> None:
        """End the thread; nobody waits for submissions any more."""
        self._ended.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                number = _NO_SUBMISSION
                with contextlib.suppress(queue.Empty):
                    number = self._ended.get(timeout=_INTERVAL_SECONDS)
                if number is None:
                    return
                self._receive()
                if number != _NO_SUBMISSION:
                    self._end(number)
        except BaseException as error:
            self._error = StudyError(f"lost touch with the Ray cluster: {error}")
            while self._submissions:
                self._submissions.popitem()[1][1].set_exception(self._error)
            raise

    def _receive(self) -> None:
        messages = cluster.ray.get(self._queue.take.remote(self._stop), timeout=_PATIENCE_SECONDS)
        for number, (shared, reports, files) in messages.items():
            self.shared.add(shared)
            if number in self._submissions:
                self.begun.add(number)
                try:
                    _write(files, self._submissions[number][2])
                except FileError as error:
                    self._error = error
                    continue  # progress is passed on only if its checkpoint was written
                for progress in reports:
                    self._progress.put(progress)

    def _end(self, number: int) -> None:
        ref, future, folder = self._submissions.pop(number)
        try:
            outcomes, files = cluster.ray.get(ref, timeout=_PATIENCE_SECONDS)
            _write(files, folder)
        except FileError as error:
            future.set_exception(error if type(error) is FileError else FileError(_cause(error)))
        except cluster.ray.exceptions.RayError as error:
            if getattr(error, "actor_init_failed", False) and not self.begun:
                self._error = StudyError(f"a worker cannot start: {str(error).strip().splitlines()[-1]}")
            future.set_exception(_translate(error))
        else:
            future.set_result(outcomes)


def _write(files: Files, folder: Path) -> None:
    for name, content in files.items():
        write_atomically(folder / name, content)
        if not name.endswith(".partial"):
            (folder / f"{name}.partial").unlink(missing_ok=True)  # the run is finished: this is its model


def _translate(error: Exception) -> Exception:
    """What made a submission fail: what the worker raised, whose traceback is the cause; any other error of
    Ray's means that a worker, a node or a result was lost."""
    if not isinstance(error, cluster.ray.exceptions.RayTaskError):
        return WorkerLostError(str(error))
    cause = _cause(error)
    if isinstance(cause, WorkerLostError):
        return cause
    # Ray's text, without Ray's own frames, colours and numbers of its actors.
    plain = re.sub(r"\x1b\[\d*m", "", str(error))
    frames = plain[max(plain.find("\n  File "), 0) :].rstrip()
    if not isinstance(cause, Exception):
        cause = RemoteError(frames.splitlines()[-1])
    cause.__cause__ = RemoteError(f"\nTraceback (most recent call last):{frames}")
    return cause


def _cause(error: Exception) -> Any:
    return getattr(error, "cause", None)
