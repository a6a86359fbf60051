"""What runs inside the process of a baseline."""

import time
from pathlib import Path

from fastweights.bench import baselines
from fastweights.bench.baselines.base import Trainer
from fastweights.bench.cases import Case, Inputs

_trainers: list[Trainer] = []
_resident_before = 0


def prepare(name: str, case: Case, inputs: Inputs) -> float:
    """Build one more trainer; the seconds of its first update: tracing, compiling, running it."""
    global _resident_before
    trainer = baselines.prepare(name, case, inputs)
    _resident_before = _resident_before or _status("VmRSS")
    _trainers.append(trainer)
    started = time.perf_counter()
    trainer.advance(1)
    return time.perf_counter() - started


def advance(place: int, updates: int) -> tuple[float, float, float]:
    """Let a trainer do that many updates; when it began and when it ended, in seconds on the clock that all
    processes share, and the seconds of the processor."""
    start, processor = time.clock_gettime(time.CLOCK_MONOTONIC), time.process_time()
    _trainers[place].advance(updates)
    return start, time.clock_gettime(time.CLOCK_MONOTONIC), time.process_time() - processor


def calibrate(place: int, seconds: float) -> int:
    """The number of updates that last about so long."""
    updates, last = 1, 0.0
    while last < seconds / 4 and updates < 1_000_000:
        updates *= 2
        start, end, _ = advance(place, updates)
        last = end - start
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
