"""Worker processes on this machine, one a core."""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from fastweights.errors import check
from fastweights.machine import end_with_parent
from fastweights.plugins import Plugin, load_all, loaded
from fastweights.runs.worker import Outcome, prepare
from fastweights.studies.execution.executor import Job, Progress, run_jobs

# Ctrl-C, and the end of the terminal.
_TERMINAL_SIGNALS = (signal.SIGINT, signal.SIGHUP)


class LocalExecutor:
    """Processes on this machine, started fresh (`spawn`: JAX must not be forked).

    Each worker is a pool of one process of the standard library's, which notices the death of its process
    and affects no other. A pipe carries progress one way and the request to stop the other; each end has
    one writer, so a killed process leaves no lock behind. Workers end with their coordinator, however it
    ends.

    Raises: InvalidValueError if a number is below 1.
    """

    name = "local"
    crash_errors: tuple[type[Exception], ...] = (BrokenProcessPool,)
    resumes_from = "its last checkpoint"

    def __init__(self, workers: int, side_by_side: int = 1) -> None:
        check(workers >= 1, f"workers must be at least 1; got {workers}")
        check(side_by_side >= 1, f"side_by_side must be at least 1; got {side_by_side}")
        self._workers, self.side_by_side = workers, side_by_side
        with signals_deferred():
            resource_tracker.ensure_running()  # the standard library's, which all pools share
        self._idle: list[_Worker] = []
        self._busy: dict[Future[list[Outcome]], _Worker] = {}

    def capacity(self) -> int:
        return self._workers

    def submit(self, jobs: Sequence[Job]) -> Future[list[Outcome]]:
        for future in [future for future in self._busy if future.done()]:
            worker = self._busy.pop(future)
            if isinstance(future.exception(), self.crash_errors):
                worker.close()
            else:
                self._idle.append(worker)
        while True:
            worker = self._idle.pop() if self._idle else _Worker()
            try:
                with signals_deferred():  # the first submission starts the process
                    future = worker.pool.submit(run_jobs, list(jobs), _report, _stopped)
            except BrokenProcessPool:
                worker.close()  # it died while it was idle
            else:
                worker.far_end.close()  # now the process has the only one, and its death closes the pipe
                self._busy[future] = worker
                return future

    def progress(self) -> list[Progress]:
        return [progress for worker in self._busy.values() for progress in worker.progress()]

    def stop(self) -> None:
        for worker in self._busy.values():
            with contextlib.suppress(OSError):  # it died; its future says so
                worker.connection.send("stop")

    def close(self) -> None:
        for worker in [*self._idle, *self._busy.values()]:
            worker.close()


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, self.far_end = context.Pipe()
        self.pool = ProcessPoolExecutor(
            1, mp_context=context, initializer=_start_worker, initargs=(self.far_end, loaded())
        )

    def progress(self) -> Iterator[Progress]:
        # A worker that died, perhaps in the middle of a message, ends the pipe; its future says so.
        with contextlib.suppress(EOFError, OSError):
            while self.connection.poll():
                yield Progress(*self.connection.recv())

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.connection.close()


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Processes that are started here ignore the signals of a terminal: the coordinator decides what these
    mean. The coordinator itself handles those that arrive meanwhile afterwards, so that no start is cut
    short, and by its own handlers: Ray would set one that ends it at once."""
    arrived: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in (*_TERMINAL_SIGNALS, signal.SIGTERM):
            handlers[number] = signal.getsignal(number)
            if callable(handlers[number]):
                signal.signal(number, lambda which, _: arrived.append(which))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _TERMINAL_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            if handler is not None:  # None: it was not set by Python
                signal.signal(number, handler)
        for number in arrived:
            signal.raise_signal(number)


# In a worker's process: its end of the pipe.
_coordinator: Connection


def _start_worker(coordinator: Connection, plugins: Sequence[Plugin]) -> None:
    global _coordinator
    _coordinator = coordinator
    for number in _TERMINAL_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
    prepare()
    load_all(plugins)


def _report(progress: Progress) -> None:
    _coordinator.send(tuple(progress))


def _stopped() -> bool:
    return _coordinator.poll()
