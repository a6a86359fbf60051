"""A process for each baseline: pinned to one core, with one thread, called function by function."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from fastweights.errors import FastweightsError, summarise_error
from fastweights.machine import end_with_parent
from fastweights.plugins import Plugin, load_all, loaded

T = TypeVar("T")

# Read by libraries when they are imported. What is compiled is compiled anew, in the process itself.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_COMPILATION_CACHE": "0",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1",
}


class BaselineError(FastweightsError):
    """A baseline failed, or its process died."""


class PinnedProcess:
    """Calls functions one after the other on one core; ends with the process that made it.

    A context manager. Functions are sent by name, so that what they import is imported over there.
    """

    def __init__(self, core: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(1, context, _start, (core, loaded()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.pool.shutdown()

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """The function's value. Raises BaselineError if it raised, or if the process died."""
        return call_together([self], function, *arguments)[0]


def call_together(processes: Sequence[PinnedProcess], function: Callable[..., T], *arguments: Any) -> list[T]:
    """The same call in all processes at the same time. Raises BaselineError as `PinnedProcess.call` does."""
    try:
        with _environment():  # the first call starts the process
            futures = [process.pool.submit(_answer, function, arguments) for process in processes]
        answers = [future.result() for future in futures]
    except BrokenProcessPool:
        raise BaselineError("its process died") from None
    for good, value in answers:
        if not good:
            raise BaselineError(value)
    return [value for _, value in answers]


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name in _ENVIRONMENT:
            del os.environ[name]
        os.environ.update(before)


def _start(core: int, plugins: Sequence[Plugin]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches every process of the terminal
    end_with_parent()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    load_all(plugins)


def _answer(function: Callable[..., Any], arguments: tuple) -> tuple[bool, Any]:
    """Whether the call returned, and its value or its error's last line."""
    try:
        return True, function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever a baseline raises is its result
        return False, summarise_error(error)[:300]
