"""Ctrl-C, SIGTERM and the end of the terminal: long work is asked to save and stop."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_received: list[int] = []
_deferred = False


def interrupt_requested() -> bool:
    """Whether one of these signals came since `catch_signals` began. Long work asks now and then."""
    return bool(_received)


def signal_of(interrupt: KeyboardInterrupt) -> int:
    """The number of the signal that ended a command."""
    return next(iter([*_received, *interrupt.args]), signal.SIGINT)


@contextmanager
def catch_signals() -> Iterator[None]:
    """Turn each of these signals into a KeyboardInterrupt, unless `defer_interrupts` is in force. Afterwards,
    while Python shuts down, Ctrl-C ends the process at once."""
    _received.clear()
    # A handler that somebody set stays, such as nohup's; and only the main thread may set one.
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    if threading.current_thread() is not threading.main_thread():
        handlers = {}
    replaced = [number for number, handler in handlers.items() if signal.getsignal(number) == handler]
    for number in replaced:
        signal.signal(number, _handle)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, handlers[number])
        atexit.unregister(_stop_catching)
        atexit.register(_stop_catching)  # the last to be registered is the first to be called


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """The first signal is only recorded, for `interrupt_requested`; the second ends the process.

    An exception that may be raised anywhere is no way to end long work: Python drops it in destructors,
    and a database driver turns it into another.
    """
    global _deferred
    _deferred = True
    try:
        yield
    finally:
        _deferred = False


def _stop_catching() -> None:
    """An interrupt during the clean-up of JAX and others ends the process without a traceback."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _handle(number: int, _: object) -> None:
    _received.append(number)
    if not _deferred:
        raise KeyboardInterrupt(number)
    if len(_received) > 1:
        # The next process can deal with whatever is left behind, except for a hidden cursor.
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        os.write(2, f"{show_cursor}\nfastweights: interrupted\n".encode())
        os._exit(128 + number)
