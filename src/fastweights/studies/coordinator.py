"""One coordinator owns a study folder: it plans, submits, listens, and alone writes the record."""

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from fastweights.errors import FileError, StudyError
from fastweights.files import make_folder
from fastweights.studies.executors import Executor
from fastweights.studies.specification import RunSpecification
from fastweights.studies.store import Run, Store
from fastweights.studies.worker import Outcome

RUNS = "runs"
_LOCK = "coordinator.lock"
_ATTEMPTS = 3
_PATIENCE_SECONDS = 0.2


class Listener(Protocol):
    """Who wants to know how a study goes on; called by the coordinator, in its own thread."""

    def planned(self, runs: Sequence[Run]) -> None:
        """All runs of the study, those already finished included."""
        ...

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        """A run reached an update."""
        ...

    def ended(self, run: Run, outcome: Outcome) -> None:
        """A run finished or failed."""
        ...


def run_study(
    directory: Path,
    preset: str,
    specifications: Sequence[RunSpecification],
    make_executor: Callable[[], Executor],
    listener: Listener,
) -> Store:
    """Run what is not finished yet, and return the record.

    Ctrl-C makes the workers save and end, and raises KeyboardInterrupt; the folder can then be taken
    up again. A worker that dies is replaced and its runs go on from their last chunk; a run that was
    lost three times, or that raises, is recorded as failed and stops no other.

    Raises: StudyError if the folder belongs to another preset or to a coordinator that is at work;
    FileError if it cannot be written.
    """
    make_folder(directory)
    with _owning(directory):
        store = Store(directory, preset=preset)
        make_folder(directory / RUNS)
        by_identifier = {each.identifier: each for each in specifications}
        store.plan((name, each.to_json()) for name, each in by_identifier.items())
        store.begin()
        runs = [run for run in store.runs() if run.identifier in by_identifier]
        listener.planned(runs)
        missing = [run for run in runs if run.state == "running"]
        # The longest first, so that no worker ends with a long run while the others have none.
        missing.sort(key=lambda run: -_cost(by_identifier[run.identifier]))
        losses = {run.identifier: Losses() for run in missing}
        while missing:
            together = _together(missing, losses)
            left = _pass(directory, store, together, losses, make_executor(), listener)
            missing = [run for run in missing if run not in together] + left
        return store


@dataclass
class Losses:
    """How far a run has come, and how often its worker died there."""

    reached: int = 0
    count: int = 0

    def add(self, reached: int) -> bool:
        """Note that the worker died; whether that was once too often without any progress between."""
        self.count = 1 if reached > self.reached else self.count + 1
        self.reached = max(reached, self.reached)
        return self.count >= _ATTEMPTS


def _together(missing: list[Run], losses: dict[str, Losses]) -> list[Run]:
    """What to submit next: a run that may be lost once more only goes last and alone, so that no other
    fails for it."""
    safe = [run for run in missing if losses[run.identifier].count < _ATTEMPTS - 1]
    return safe or missing[:1]


def _pass(
    directory: Path,
    store: Store,
    missing: list[Run],
    losses: dict[str, Losses],
    executor: Executor,
    listener: Listener,
) -> list[Run]:
    """Submit runs to one executor until all are done or it breaks; the runs that are still missing."""
    futures: dict[Future[Outcome], Run] = {}
    by_identifier = {run.identifier: run for run in missing}
    seen: dict[str, int] = {}

    def listen() -> None:
        for identifier, update, error in executor.progress():
            run = by_identifier.get(identifier)
            if run is not None and update > seen.get(identifier, 0):
                seen[identifier] = update
                store.report(run, update, error)
                listener.progressed(run, update, error)

    def finish(run: Run, outcome: Outcome) -> None:
        store.finish(run, outcome)
        del by_identifier[run.identifier]
        listener.ended(run, outcome)

    try:
        for run in missing:
            out = directory / RUNS / f"{run.identifier}.safetensors"
            futures[executor.submit(run.identifier, dict(run.specification), out)] = run
        waiting = set(futures)
        begun: set[Future[Outcome]] = set()
        while waiting:
            begun |= {future for future in waiting if future.running()}
            done, waiting = wait(waiting, timeout=_PATIENCE_SECONDS, return_when=FIRST_COMPLETED)
            listen()
            for future in done:
                run = futures[future]
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    # Which run broke the pool is unknown: not one that hadn't begun, and one that gets on
                    # is not to blame for long.
                    if begun and future not in begun:
                        continue
                    if not losses[run.identifier].add(seen.get(run.identifier, 0)):
                        continue
                    outcome = _failure(f"its worker died {_ATTEMPTS} times at the same place")
                except FileError:
                    raise  # a full disk, say: nobody's failure, and the study can be taken up later
                except Exception as error:  # noqa: BLE001 - whatever a cell raises ends its run only
                    outcome = _failure("".join(traceback.format_exception(error)))
                finish(run, outcome)
    except BaseException:
        # Ctrl-C, or a record that cannot be written: nobody waits for the runs' ends.
        executor.stop()
        wait([future for future in futures if not future.cancelled()])
        raise
    finally:
        executor.close()
    return list(by_identifier.values())


def _failure(reason: str) -> Outcome:
    return {"state": "failed", "curve": [], "result": None, "failure": reason, "environment": None}


def _cost(specification: RunSpecification) -> float:
    return specification.training.updates * specification.hidden_size**2


@contextmanager
def _owning(directory: Path) -> Iterator[None]:
    """Hold the folder's lock; it goes with the process, however that ends."""
    path = directory / _LOCK
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        owner = (directory / f"{_LOCK}.owner").read_text() if (directory / f"{_LOCK}.owner").exists() else "?"
        raise StudyError(f"{directory} is in use by another coordinator ({owner})") from None
    except OSError as error:
        raise FileError(f"cannot use {directory}: {error.strerror or error}") from error
    owner = directory / f"{_LOCK}.owner"
    try:
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        owner.write_text(f"process {os.getpid()} on {os.uname().nodename} since {since}")
        yield
    except OSError as error:
        raise FileError(f"the study in {directory} cannot go on: {error}") from error
    finally:
        owner.unlink(missing_ok=True)
        lock.release()
