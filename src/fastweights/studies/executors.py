"""Who runs the runs: worker processes on this machine, one a core."""

import multiprocessing
import os
import queue
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from fastweights.errors import check
from fastweights.studies.worker import Outcome

Progress = tuple[str, int, float]
"""A run's identifier, the updates done, and the validation error there."""


class Executor(Protocol):
    """Takes runs and gives futures of their outcomes; another engine needs these four methods."""

    def submit(self, identifier: str, specification: dict[str, Any], out: Path) -> Future[Outcome]:
        """Start the run, or line it up."""
        ...

    def progress(self) -> list[Progress]:
        """What the workers reported since the last call."""
        ...

    def stop(self) -> None:
        """Ask all workers to save and end; their futures give outcomes of the state `interrupted`."""
        ...

    def close(self) -> None:
        """Wait for the workers and let them go."""
        ...


class LocalExecutor:
    """Processes of the standard library's pool, started fresh (`spawn`: JAX must not be forked).

    A worker that dies breaks the pool: the futures raise BrokenProcessPool, and a new executor takes
    the runs up from their partial checkpoints. Workers end with their coordinator, however it ends.

    Raises: InvalidValueError if `workers` is below 1.
    """

    def __init__(self, workers: int) -> None:
        check(workers >= 1, f"workers must be at least 1; got {workers}")
        context = multiprocessing.get_context("spawn")
        self._progress = context.Queue()
        self._stop = context.Event()
        self._futures: list[Future[Outcome]] = []
        self._pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_start_worker, initargs=(self._progress, self._stop)
        )

    def submit(self, identifier: str, specification: dict[str, Any], out: Path) -> Future[Outcome]:
        self._futures.append(self._pool.submit(_work, identifier, specification, out))
        return self._futures[-1]

    def progress(self) -> list[Progress]:
        found: list[Progress] = []
        while True:
            try:
                found.append(self._progress.get_nowait())
            except queue.Empty:
                return found

    def stop(self) -> None:
        self._stop.set()
        for future in self._futures:
            future.cancel()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._progress.close()
        self._progress.cancel_join_thread()


_channel: Any = None
_stopped: Any = None


def _start_worker(channel: Any, stopped: Any) -> None:
    global _channel, _stopped
    _channel, _stopped = channel, stopped
    # Ctrl-C reaches every process of the terminal; the coordinator decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from fastweights.studies.worker import prepare

    prepare()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _work(identifier: str, specification: dict[str, Any], out: Path) -> Outcome:
    from fastweights.errors import CheckpointError
    from fastweights.studies import worker
    from fastweights.studies.specification import RunSpecification

    if _stopped.is_set():
        return {"state": "interrupted"}
    # A coordinator that died may have left a finished model whose outcome it never recorded.
    if out.exists():
        try:
            found, _, outcome = worker.load_model(out)
            if found.to_json() == specification:
                return outcome
        except CheckpointError:
            pass  # a damaged file is trained again, and replaced
    return worker.run(
        RunSpecification.from_json(specification),
        out,
        report=lambda point: _channel.put((identifier, point.update, point.validation_error)),
        stopped=_stopped.is_set,
    )
