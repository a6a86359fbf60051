"""Mutants of a check tried one after the other, each for a limited time.

A mutant may never come to an end, and what is compiled can't be interrupted from within. So mutants are tried
in a process of their own, one process for many of them: the system kills it where a mutant needs more
processor time than it may have, and another takes its place. Nothing is forked: JAX has threads.
"""

import math
import multiprocessing
import resource
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import FrameType

from fastweights import registry
from fastweights.theory.check import Check
from fastweights.theory.runner import examine
from mutations.mutants import Mutant, applied, formulas, mutants, name_of

LEAST_SECONDS, TIMES_AS_LONG = 30.0, 10.0
"""A mutant may have so much processor time, or so many times what the check as it is needs, whichever is
more; and ten times as long by the clock."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: `killed`, `raised`, `timed out` or `survived`."""

    word: str
    error: str = ""
    """What was raised."""


class Trials:
    """A check with its mutants, by their numbers in `mutants(check)`. Each may have so many seconds, or
    `TIMES_AS_LONG` times what the check needs.

    Raises: EOFError if the check doesn't hold as it is; its process says so.
    """

    def __init__(self, name: str, least_seconds: float = LEAST_SECONDS) -> None:
        self._name = name
        self._traced: set[str] | None = None
        self._limit = least_seconds
        self._start()

    def outcome(self, number: int, whole: bool) -> Outcome:
        """Of a mutant, or of its variant in whole numbers."""
        self._pipe.send((number, whole, self._limit))
        try:
            if self._pipe.poll(10 * self._limit):
                return self._pipe.recv()
        except EOFError:
            self._process.join()
            if self._process.exitcode != -signal.SIGXCPU:
                self._start()
                return Outcome("raised", "its process ended")
        self._start()
        return Outcome("timed out", f"no end within {self._limit:.0f} s")

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        """A new process, in place of the one before."""
        if self._traced is not None:
            self.close()
        spawn = multiprocessing.get_context("spawn")
        self._pipe, other = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(self._name, self._traced, other), daemon=True)
        self._process.start()
        other.close()  # so that the pipe ends with the process
        self._traced, seconds = self._pipe.recv()
        self._limit = max(self._limit, TIMES_AS_LONG * seconds)


def _serve(name: str, traced: set[str] | None, pipe: Connection) -> None:
    """Send the names of the formulas that JAX traces, unless given, and what it took to find them: as
    long as the check, and more. Then an outcome for every number, until the pipe ends."""
    check = registry.checks[name]()
    began = time.process_time()
    if traced is None:
        traced = _traced_formulas(name, check)
    pipe.send((traced, time.process_time() - began))
    every = mutants(check)
    while True:
        try:
            number, whole, seconds = pipe.recv()
        except EOFError:
            return
        _limit_processor_time(seconds)
        mutant = every[number].whole if whole else every[number]
        assert mutant is not None
        pipe.send(_outcome_of(name, check, mutant, mutant.name in traced))


def _limit_processor_time(seconds: float) -> None:
    """From now on; what goes beyond it is killed by SIGXCPU."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), most))


def _outcome_of(name: str, check: Check, mutant: Mutant, is_traced: bool) -> Outcome:
    import jax

    if is_traced:
        jax.clear_caches()  # what was compiled has the true formula in it
    with applied(mutant):
        result = examine(name, check)
    if is_traced:
        jax.clear_caches()
    if result.error:
        return Outcome("raised", result.error)
    return Outcome("survived" if result.holds else "killed")


def _traced_formulas(name: str, check: Check) -> set[str]:
    """The names of the formulas that JAX traces, for any of their arguments."""
    import jax
    from jax.core import Tracer

    codes, traced = {function.__code__: name_of(function) for function in formulas(check)}, set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in codes:
            leaves = jax.tree.leaves(list(frame.f_locals.values()))
            if any(isinstance(leaf, Tracer) for leaf in leaves):
                traced.add(codes[frame.f_code])

    sys.setprofile(watch)
    try:
        result = examine(name, check)
    finally:
        sys.setprofile(None)
    if not result.holds:
        raise RuntimeError(f"{name} doesn't hold as it is: {result.error}")
    return traced
