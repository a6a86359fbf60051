"""A process for each baseline: pinned to one core, with one thread, called function by function."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, Self, TypeVar

from fastweights.errors import FastweightsError, summarise_error
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
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, core, loaded()), daemon=True)
        with _environment():
            self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._process.join(timeout=1)
        self._process.kill()
        self._process.join()

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """The function's value. Raises BaselineError if it raised, or if the process died."""
        self.send(function, *arguments)
        return self.receive()

    def send(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Begin a call; `receive` waits for its end."""
        try:
            self._connection.send((function, arguments))
        except OSError:
            raise BaselineError("its process died") from None

    def receive(self) -> Any:
        """The value of the call that was begun last."""
        try:
            good, value = self._connection.recv()
        except (EOFError, OSError):
            raise BaselineError("its process died") from None
        if not good:
            raise BaselineError(value)
        return value


def call_together(processes: Sequence[PinnedProcess], function: Callable[..., T], *arguments: Any) -> list[T]:
    """The same call in all processes at the same time."""
    for process in processes:
        process.send(function, *arguments)
    return [process.receive() for process in processes]


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, core: int, plugins: Sequence[Plugin]) -> None:
    # Ctrl-C reaches every process of the terminal; the one that asked decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    load_all(plugins)
    # Who asks may end at any time: then there is nothing left to do.
    with suppress(EOFError, OSError):
        while True:
            function, arguments = connection.recv()
            connection.send(_answer(function, arguments))


def _answer(function: Callable[..., Any], arguments: tuple) -> tuple[bool, Any]:
    """Whether the call returned, and its value or its error's last line."""
    try:
        return True, function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever a baseline raises is its result
        return False, summarise_error(error)[:300]
