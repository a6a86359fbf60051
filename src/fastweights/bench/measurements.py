"""Rounds of interleaved repeats: all that are compared see the same machine."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from fastweights.bench import subprocess
from fastweights.bench.baselines import OURS, why_not
from fastweights.bench.cases import Case, Inputs
from fastweights.bench.process import BaselineError, PinnedProcess, call_together
from fastweights.machine import available_cores

Record = dict[str, Any]
"""Numbers and strings, as they go into the JSON file."""

Report = Callable[[str], None]
"""Gets a line about what is being done."""


def compare(
    case: Case, names: Sequence[str], inputs: Inputs, rounds: int, seconds: float, report: Report
) -> Record:
    """All baselines on one case.

    Each has a process of its own, all on the same core; in a round each runs once, for about `seconds`,
    while the others wait, and every second round goes backwards. So a ratio within a round compares
    neighbours in time.
    """
    left_out = {name: reason for name in names if (reason := why_not(name, case))}
    core, timings = available_cores()[-1], {}
    with ExitStack() as stack:
        running: dict[str, PinnedProcess] = {}
        for name in [name for name in names if name not in left_out]:
            report(f"{case}: {name} compiles")
            process = stack.enter_context(PinnedProcess(core))
            try:
                timings[name] = _prepare(process, 0, name, case, inputs, seconds)
            except BaselineError as error:
                left_out[name] = f"it failed: {error}"
                continue
            running[name] = process
        for i in range(rounds):
            report(f"{case}: round {i + 1} of {rounds}")
            for name in list(running)[:: -1 if i % 2 else 1]:
                _measure(running[name], 0, timings[name])
        for name, process in running.items():
            timings[name]["peak_memory_bytes"] = process.call(subprocess.peak_memory)
    return {"case": case.to_json(), "baselines": timings, "left_out": left_out}


def timings_of(comparison: Record) -> Record:
    """The measurements by baseline; earlier records call these contenders."""
    return comparison["baselines"] if "baselines" in comparison else comparison["contenders"]


def sweep(
    cases: Sequence[Case],
    name: str,
    inputs_of: Callable[[Case], Inputs],
    rounds: int,
    seconds: float,
    report: Report,
) -> list[Record]:
    """One baseline on many cases, all in one process, so that rounds go over all of them: a disturbance
    of the machine hits one round of a few cases, and not all rounds of one."""
    points = []
    with PinnedProcess(available_cores()[-1]) as process:
        for place, case in enumerate(cases):
            report(f"{case}: {name} compiles")
            timings = _prepare(process, place, name, case, inputs_of(case), seconds)
            points.append({"case": case.to_json(), **timings})
        for i in range(rounds):
            report(f"{cases[0].model}: round {i + 1} of {rounds} over {len(cases)} cases")
            for place in range(len(cases))[:: -1 if i % 2 else 1]:
                _measure(process, place, points[place])
    return points


def share_cores(case: Case, inputs: Inputs, rounds: int, seconds: float, report: Report) -> Record:
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
        call_together(processes, subprocess.prepare, OURS, case, inputs)
        updates = processes[0].call(subprocess.calibrate, 0, seconds)
        for _ in range(rounds):
            alone = [rate([process], updates) for process in processes]
            rates[1].append(sum(alone) / len(alone))
            for count in counts[1:]:
                rates[count].append(rate(processes[:count], updates))
    return {
        "case": case.to_json(),
        "updates_per_second": {str(count): values for count, values in rates.items()},
    }


def rate(processes: Sequence[PinnedProcess], updates: int) -> float:
    """Updates a second of all of them together."""
    starts, ends, _ = zip(*call_together(processes, subprocess.advance, 0, updates), strict=True)
    return updates * len(processes) / (max(ends) - min(starts))


def _prepare(
    process: PinnedProcess, place: int, name: str, case: Case, inputs: Inputs, seconds: float
) -> Record:
    """A baseline's record before its first repeat; it gets this place in its process."""
    return {
        "compile_seconds": process.call(subprocess.prepare, name, case, inputs),
        "updates": process.call(subprocess.calibrate, place, seconds),
        "milliseconds": [],
        "processor_milliseconds": [],
    }


def _measure(process: PinnedProcess, place: int, record: Record) -> None:
    """One more repeat."""
    start, end, processor = process.call(subprocess.advance, place, record["updates"])
    record["milliseconds"].append(1e3 * (end - start) / record["updates"])
    record["processor_milliseconds"].append(1e3 * processor / record["updates"])
