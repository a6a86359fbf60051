"""Ctrl-C, SIGTERM and the end of the terminal: what is at work saves first."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_heard: list[int] = []
_patient = False


def heard() -> bool:
    """Whether one of these signals came since `ending_orderly` began. Long work asks now and then."""
    return bool(_heard)


def number_of(interrupt: KeyboardInterrupt) -> int:
    """The signal that ended a command."""
    return next(iter([*_heard, *interrupt.args]), signal.SIGINT)


@contextmanager
def ending_orderly() -> Iterator[None]:
    """Raise KeyboardInterrupt for all of them; within `patiently`, for none. While the program ends, Ctrl-C
    only ends it sooner."""
    _heard.clear()
    # Only where nobody has decided otherwise, as nohup does; and only the main thread may.
    usual = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    if threading.current_thread() is not threading.main_thread():
        usual = {}
    mine = [number for number, handler in usual.items() if signal.getsignal(number) == handler]
    for number in mine:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, usual[number])
        atexit.unregister(_end_at_once)
        atexit.register(_end_at_once)  # the last to be registered is the first to be called


@contextmanager
def patiently() -> Iterator[None]:
    """The first signal is only noted for those who ask whether it was `heard`; the second ends the process.

    An exception that may be raised anywhere is no way to end long work: Python drops it in destructors,
    and a database driver turns it into another.
    """
    global _patient
    _patient = True
    try:
        yield
    finally:
        _patient = False


def _end_at_once() -> None:
    """What JAX and others tidy up now concerns this process alone; a traceback from there, nobody."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(number: int, _: object) -> None:
    _heard.append(number)
    if not _patient:
        raise KeyboardInterrupt(number)
    if len(_heard) > 1:
        # Nothing to tidy up: whatever is left behind, the next process can deal with. But the cursor.
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        os.write(2, f"{show_cursor}\nfastweights: interrupted\n".encode())
        os._exit(128 + number)
