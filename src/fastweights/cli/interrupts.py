"""Ctrl-C, SIGTERM and the end of the terminal: what is at work saves first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_heard: list[int] = []


def heard() -> bool:
    """Whether one of these signals came since `ending_orderly` began.

    Long work asks now and then: the KeyboardInterrupt itself is lost if it happens to strike in a destructor
    or in a callback of the garbage collector, whose exceptions Python ignores.
    """
    return bool(_heard)


def number_of(interrupt: KeyboardInterrupt) -> int:
    """The signal that ended a command."""
    return next(iter([*_heard, *interrupt.args]), signal.SIGINT)


@contextmanager
def ending_orderly() -> Iterator[None]:
    """Raise KeyboardInterrupt for all of them."""

    def interrupt(number: int, _: object) -> NoReturn:
        _heard.append(number)
        raise KeyboardInterrupt(number)

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
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, usual[number])
