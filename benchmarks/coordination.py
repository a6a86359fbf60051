"""What coordination costs: the processor time of the coordinator against that of its workers.

    .venv/bin/python benchmarks/coordination.py --executor local|ray [--workers N] [--runs M] [--storage URL]

Trains M copies of the quick preset's R = 20 fast-weights run (30,000 updates, an evaluation every 500, ten
seconds on a free core) with different seeds in a temporary folder, and prints one line of a table:

- training: the runs' own seconds, added up; more than the workers' CPU seconds where they share cores
- workers, coordinator, queue, Ray: CPU seconds of those processes from the study's start to its last run's
  end; the workers' include their start (imports, compilation), the coordinator's includes its record.
  Ray: its servers and agents, but for the queue, which is ours
- share: coordinator and queue against workers, in CPU seconds
- gap: from the moment a worker has written a model to the moment at which the next run is given to a worker
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fastweights.runs.worker import Outcome
from fastweights.studies.description import get_preset
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.execution.executor import Executor, Job
from fastweights.studies.execution.local import LocalExecutor
from fastweights.studies.plans import Choice, fixed
from fastweights.studies.record.folder import RUNS, locate
from fastweights.studies.record.store import Run

COLUMNS = [
    "executor",
    "storage",
    "workers",
    "runs",
    "wall s",
    "training s",
    "workers s",
    "coordinator s",
    "queue s",
    "Ray s",
    "share %",
    "gap ms (median)",
    "gap ms (worst)",
]
TICKS = os.sysconf("SC_CLK_TCK")


class Meter(threading.Thread):
    """Looks at the processes below this one every second: the last CPU seconds seen of each."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seconds: dict[int, tuple[str, float]] = {}
        self.own = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(1):
            self.look()
            self.own = time.thread_time()

    def stop(self) -> None:
        self._over.set()
        self.join()

    def look(self) -> None:
        for process in _below(os.getpid()):
            try:
                command = Path(f"/proc/{process}/cmdline").read_bytes()
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            used = (int(fields[11]) + int(fields[12])) / TICKS
            self.seconds[process] = _role(command) or self.seconds.get(process, ("Ray",))[0], used

    def of(self, role: str) -> float:
        return sum(seconds for name, seconds in self.seconds.values() if name == role)


def _role(command: bytes) -> str | None:
    """An idle worker of Ray's, before and after it works, is called otherwise; it keeps its role."""
    if b"spawn_main" in command or command.startswith(b"ray::Worker"):
        return "worker"
    return "queue" if command.startswith(b"ray::MessageQueue") else None


def _below(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").iterdir():
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            yield child
            yield from _below(child)


class Watch:
    """The coordinator's listener, and what notes when runs are given to a worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.handed: list[float] = []
        self.written: list[float] = []
        self.training = 0.0

    def planned(self, runs: Sequence[Run]) -> None:
        pass

    def began(self, run: Run) -> None:
        pass

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        pass

    def crashed(self, run: Run, reason: str) -> None:
        raise RuntimeError(f"{run.identifier}: {reason}")

    def ended(self, run: Run, outcome: Outcome) -> None:
        self.written.append((self.folder / RUNS / f"{run.identifier}.safetensors").stat().st_mtime)
        self.training += outcome["result"]["seconds"]

    def over(self, executor: Executor) -> Executor:
        submit = executor.submit

        def noting(jobs: Sequence[Job]):
            future = submit(jobs)
            self.handed.extend(time.time() for _ in jobs)
            return future

        executor.submit = noting  # pyright: ignore[reportAttributeAccessIssue]
        return executor

    def gaps(self, workers: int) -> list[float]:
        pairs = zip(sorted(self.written), self.handed[workers:], strict=False)
        return [1000 * (handed - written) for written, handed in pairs]


def measure(executor: str, workers: int, runs: int, updates: int | None, url: str | None) -> list[str]:
    """The cells of a line."""
    planned = get_preset("quick").plan(Choice(["fast-weights"], [20], runs))({})
    base = [each.specification for each in planned]
    if updates is not None:
        base = [
            replace(specification, training=replace(specification.training, updates=updates))
            for specification in base
        ]
    with tempfile.TemporaryDirectory() as name:
        folder, meter = Path(name) / "study", Meter()
        watch = Watch(folder)

        def make() -> Executor:
            if executor == "local":
                return watch.over(LocalExecutor(workers))
            from fastweights.studies.execution.ray.executor import RayExecutor

            return watch.over(RayExecutor(None, folder, workers))

        place = locate(folder, url, f"coordination-{os.getpid()}" if url else None)
        begun, used = time.perf_counter(), time.process_time()
        meter.start()
        run_plan(folder, "quick", fixed(base), make, watch, location=place)
        wall, used = time.perf_counter() - begun, time.process_time() - used
        meter.stop()
        kind = type(place.storage).__name__ if url is None else url.partition(":")[0]
    coordinator, queue, busy = used - meter.own, meter.of("queue"), meter.of("worker")
    gaps = watch.gaps(workers)
    numbers = (wall, watch.training, busy, coordinator, queue, meter.of("Ray"))
    share = 100 * (coordinator + queue) / busy
    return [
        *(executor, kind.lower(), str(workers), str(runs)),
        *(f"{number:.1f}" for number in numbers),
        f"{share:.2f}",
        *((f"{statistics.median(gaps):.0f}", f"{max(gaps):.0f}") if gaps else ("", "")),
    ]


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--executor", choices=["local", "ray"], default="local")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--runs", type=int, default=16)
    parser.add_argument("--updates", type=int)
    parser.add_argument("--storage")
    options = parser.parse_args()
    print("|", " | ".join(COLUMNS), "|")
    print("|", " | ".join("---:" for _ in COLUMNS), "|")
    line = measure(options.executor, options.workers, options.runs, options.updates, options.storage)
    print("|", " | ".join(line), "|")


if __name__ == "__main__":
    main()
