"""Rounds of interleaved repeats: who else is measured sees the same machine."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from fastweights.bench import subprocess as hosted
from fastweights.bench.baselines import OURS, why_not
from fastweights.bench.cases import Case, Material
from fastweights.bench.process import ContenderError, PinnedProcess, call_together
from fastweights.machine import available_cores

Record = dict[str, Any]
"""Numbers and strings, as they go into the JSON file."""


def compare(
    case: Case,
    names: Sequence[str],
    material: Material,
    rounds: int,
    seconds: float,
    report: Callable[[str], None],
) -> Record:
    """All contenders on one case.

    Each has a process of its own, all on the same core; in a round each runs once, for about `seconds`,
    while the others wait, and every second round goes backwards. So a ratio within a round compares
    neighbours in time.
    """
    left_out = {name: reason for name in names if (reason := why_not(name, case))}
    core, found = available_cores()[-1], {}
    with ExitStack() as stack:
        running: dict[str, PinnedProcess] = {}
        for name in [name for name in names if name not in left_out]:
            report(f"{case}: {name} compiles")
            process = stack.enter_context(PinnedProcess(core))
            try:
                prepared = process.call(hosted.prepare, name, case, material)
                updates = process.call(hosted.calibrate, prepared.place, seconds)
            except ContenderError as error:
                left_out[name] = f"it failed: {error}"
                continue
            running[name] = process
            found[name] = _begin(updates, prepared)
        for i in range(rounds):
            report(f"{case}: round {i + 1} of {rounds}")
            for name in list(running)[:: -1 if i % 2 else 1]:
                _add(found[name], running[name].call(hosted.advance, 0, found[name]["updates"]))
        for name, process in running.items():
            found[name]["peak_memory_bytes"] = process.call(hosted.peak_memory)
    return {"case": case.to_json(), "contenders": found, "left_out": left_out}


def sweep(
    cases: Sequence[Case],
    name: str,
    materials: Mapping[Case, Material],
    rounds: int,
    seconds: float,
    report: Callable[[str], None],
) -> list[Record]:
    """One contender on many cases, all in one process, so that rounds go over all of them: a disturbance
    of the machine hits one round of a few cases, and not all rounds of one."""
    found = []
    with PinnedProcess(available_cores()[-1]) as process:
        for case in cases:
            report(f"{case}: {name} compiles")
            prepared = process.call(hosted.prepare, name, case, materials[case])
            updates = process.call(hosted.calibrate, prepared.place, seconds)
            found.append({"case": case.to_json(), **_begin(updates, prepared)})
        for i in range(rounds):
            report(f"{cases[0].model}: round {i + 1} of {rounds} over {len(cases)} cases")
            for place in range(len(cases))[:: -1 if i % 2 else 1]:
                _add(found[place], process.call(hosted.advance, place, found[place]["updates"]))
    return found


def share_cores(
    case: Case, material: Material, rounds: int, seconds: float, report: Callable[[str], None]
) -> Record:
    """Updates a second of the library in one process a core, for 1, 2, 4, … processes and for all.

    The rate is that of all updates from the moment when the processes are told until the last is done.
    One process is measured on every core in turn: cores may differ.
    """
    cores = available_cores()
    counts = sorted({2**i for i in range(len(cores).bit_length())} | {len(cores)})
    counts = [count for count in counts if count <= len(cores)]
    rates: dict[int, list[float]] = {count: [] for count in counts}
    with ExitStack() as stack:
        report(f"{case}: one process on each of {len(cores)} cores")
        processes = [stack.enter_context(PinnedProcess(core)) for core in cores]
        call_together(processes, hosted.prepare, OURS, case, material)
        updates = processes[0].call(hosted.calibrate, 0, seconds)
        for _ in range(rounds):
            alone = [rate([process], updates) for process in processes]
            rates[1].append(sum(alone) / len(alone))
            for count in counts[1:]:
                rates[count].append(rate(processes[:count], updates))
    return {"case": case.to_json(), "updates_per_second": {str(count): each for count, each in rates.items()}}


def rate(processes: Sequence[PinnedProcess], updates: int) -> float:
    """Updates a second of all of them together."""
    timings = call_together(processes, _dated_advance, updates)
    return updates * len(processes) / (max(end for _, end in timings) - min(began for began, _ in timings))


def _dated_advance(updates: int) -> tuple[float, float]:
    """Beginning and end, on the clock that all processes share."""
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    hosted.advance(0, updates)
    return began, time.clock_gettime(time.CLOCK_MONOTONIC)


def _begin(updates: int, prepared: hosted.Prepared) -> Record:
    return {
        "compile_seconds": prepared.compile_seconds,
        "updates": updates,
        "milliseconds": [],
        "processor_milliseconds": [],
    }


def _add(record: Record, timing: hosted.Timing) -> None:
    record["milliseconds"].append(1e3 * timing.seconds / timing.updates)
    record["processor_milliseconds"].append(1e3 * timing.processor_seconds / timing.updates)
