"""What runs inside the process of a baseline."""

import time
from pathlib import Path
from typing import NamedTuple

from fastweights.bench import baselines
from fastweights.bench.baselines.base import Trainer
from fastweights.bench.cases import Case, Inputs


class Prepared(NamedTuple):
    """A trainer's place in its process, and what its first update took."""

    place: int
    compile_seconds: float
    """From the first call of `advance` until its one update is done: tracing, compiling, running it."""


class Timing(NamedTuple):
    """The time that some updates took: on the clock, and of the processor."""

    updates: int
    seconds: float
    processor_seconds: float


_trainers: list[Trainer] = []
_resident_before = 0


def prepare(name: str, case: Case, inputs: Inputs) -> Prepared:
    """Build a trainer and do its first update."""
    global _resident_before
    trainer = baselines.prepare(name, case, inputs)
    _resident_before = _resident_before or _status("VmRSS")
    started = time.perf_counter()
    trainer.advance(1)
    _trainers.append(trainer)
    return Prepared(len(_trainers) - 1, time.perf_counter() - started)


def advance(place: int, updates: int) -> Timing:
    """Time that many updates."""
    started, processor = time.perf_counter(), time.process_time()
    _trainers[place].advance(updates)
    return Timing(updates, time.perf_counter() - started, time.process_time() - processor)


def calibrate(place: int, seconds: float) -> int:
    """The number of updates that last about so long."""
    updates = 1
    while (last := advance(place, updates).seconds) < seconds / 4 and updates < 1_000_000:
        updates *= 2
    return max(1, round(updates * seconds / last))


def peak_memory() -> int:
    """Bytes: the largest resident size of the process, less what it had before its first update (libraries
    imported, data and weights in place)."""
    return max(0, _status("VmHWM") - _resident_before)


def _status(name: str) -> int:
    """A size of this process in bytes, from Linux's /proc; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
