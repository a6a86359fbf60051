"""Who runs the runs. The contract, and worker processes on this machine, one a core."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Protocol

from fastweights.errors import check
from fastweights.runs.worker import Outcome, prepare
from fastweights.studies.execution.jobs import Job, Progress, work

# Ctrl-C, and the end of the terminal.
_OF_TERMINALS = (signal.SIGINT, signal.SIGHUP)


class Executor(Protocol):
    """Takes runs and gives futures of their outcomes; another engine needs these few things.

    The coordinator calls all of them from one thread.
    """

    name: str
    """As the command line and `status` call it."""

    side_by_side: int
    """The most runs that a worker trains at once."""

    lost: tuple[type[Exception], ...]
    """The errors of a future whose worker died."""

    @property
    def takes_over(self) -> str:
        """Where a run goes on from whose worker was lost, in words."""
        ...

    def capacity(self) -> int:
        """How many submissions can be at work at once, as things are now; more are not made."""
        ...

    def submit(self, jobs: Sequence[Job]) -> Future[list[Outcome]]:
        """Let a worker train these runs side by side."""
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
    """Processes on this machine, started fresh (`spawn`: JAX must not be forked).

    Each worker is a pool of one process of the standard library's: it says when its process died, and
    nobody else is touched by that. A pipe carries progress one way and the request to stop the other; it
    has one writer on each side, so no kill can leave a lock behind. Workers end with their coordinator,
    however it ends.

    Raises: InvalidValueError if a number is below 1.
    """

    name = "local"
    lost: tuple[type[Exception], ...] = (BrokenProcessPool,)
    takes_over = "its last checkpoint"

    def __init__(self, workers: int, side_by_side: int = 1) -> None:
        check(workers >= 1, f"workers must be at least 1; got {workers}")
        check(side_by_side >= 1, f"side_by_side must be at least 1; got {side_by_side}")
        self._most, self.side_by_side = workers, side_by_side
        with born_deaf():
            resource_tracker.ensure_running()  # the standard library's, which all pools share
        self._idle: list[_Worker] = []
        self._busy: dict[Future[list[Outcome]], _Worker] = {}

    def capacity(self) -> int:
        return self._most

    def submit(self, jobs: Sequence[Job]) -> Future[list[Outcome]]:
        for future in [future for future in self._busy if future.done()]:
            worker = self._busy.pop(future)
            if isinstance(future.exception(), self.lost):
                worker.close()
            else:
                self._idle.append(worker)
        while True:
            worker = self._idle.pop() if self._idle else _Worker()
            try:
                future = worker.submit(jobs)
            except BrokenProcessPool:
                worker.close()  # it died while it had nothing to do
            else:
                self._busy[future] = worker
                return future

    def progress(self) -> list[Progress]:
        return [point for worker in self._busy.values() for point in worker.progress()]

    def stop(self) -> None:
        for worker in self._busy.values():
            worker.stop()

    def close(self) -> None:
        for worker in [*self._idle, *self._busy.values()]:
            worker.close()


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, self._there = context.Pipe()
        self._pool = ProcessPoolExecutor(
            1, mp_context=context, initializer=_start_worker, initargs=(self._there,)
        )

    def submit(self, jobs: Sequence[Job]) -> Future[list[Outcome]]:
        with born_deaf():  # the first submission starts the process
            future = self._pool.submit(_work, list(jobs))
        self._there.close()  # so that the process holds the only other end, and its death is heard
        return future

    def progress(self) -> list[Progress]:
        found: list[Progress] = []
        try:
            while self._here.poll():
                found.append(Progress(*self._here.recv()))
        except (EOFError, OSError):
            pass  # it died, perhaps in mid-word; its future says so
        return found

    def stop(self) -> None:
        with contextlib.suppress(OSError):  # it died; its future says so
            self._here.send("stop")

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._here.close()


@contextlib.contextmanager
def born_deaf() -> Iterator[None]:
    """A process that is started here does not hear what reaches every process of a terminal: the
    coordinator decides what that means. It hears it itself only afterwards, so that the start is whole."""
    heard: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in (*_OF_TERMINALS, signal.SIGTERM):
            if callable(signal.getsignal(number)):
                handlers[number] = signal.signal(number, lambda which, _: heard.append(which))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _OF_TERMINALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in heard:
            signal.raise_signal(number)


_coordinator: Connection


def _start_worker(coordinator: Connection) -> None:
    global _coordinator
    _coordinator = coordinator
    for number in _OF_TERMINALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    prepare()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _work(jobs: list[Job]) -> list[Outcome]:
    return work(jobs, report=lambda progress: _coordinator.send(tuple(progress)), stopped=_coordinator.poll)
