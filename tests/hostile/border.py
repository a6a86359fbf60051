"""What every hostile test demands: an answer in time, or one error of one printable line."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastweights.errors import FastweightsError


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if what is inside takes longer."""

    def fail(number, frame):
        raise AssertionError(f"still at work after {seconds} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check_message(error: FastweightsError) -> None:
    """One line, not empty, not endless, nothing in it that a terminal obeys."""
    message = str(error)
    assert message and message.isprintable(), ascii(message)
    assert len(message) < 1500


def attempt(function: Callable[[], Any], seconds: float = 30) -> Any:
    """What the function returns, or None if it refuses properly. Any other exception fails the test."""
    try:
        with within(seconds):
            return function()
    except FastweightsError as error:
        check_message(error)
        return None
