"""The coordinator's scheduler: it gives runs to an executor and records what becomes of them."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from fastweights.errors import FileError, StudyError, describe_error
from fastweights.runs.specification import RunSpecification
from fastweights.runs.worker import Outcome, shape_of
from fastweights.studies.execution.executor import Executor, Job
from fastweights.studies.execution.listener import Listener
from fastweights.studies.record.locks import describe_process
from fastweights.studies.record.store import Run
from fastweights.studies.record.writable_store import WritableStore

_MAX_CRASHES = 3
_MAX_FAILED_STARTS = 20
_POLL_SECONDS = 0.2
_HEARTBEAT_SECONDS = 15
_WRITE_SECONDS = 5


@dataclass(eq=False)
class ScheduledRun:
    """A run that has not ended, and where it stands."""

    run: Run
    specification: RunSpecification
    step: int = 0
    """Of the plan: runs of earlier ones are trained first."""
    begun: bool = False
    """Whether its present worker has reported that it began."""
    first_report: tuple[float, int] | None = None
    """The first report of its present worker past update 0: when it came, in seconds, and the update."""
    last_report: tuple[float, int] | None = None
    unwritten: tuple[int, float] | None = None
    """The last point of its learning curve, if that is not in the record yet."""
    written_at: float = -math.inf
    reached: int = field(init=False)
    """The last update that was reported."""
    crashes: list[Mapping[str, Any]] = field(init=False)
    """Those since it last made progress."""
    quarantined: bool = field(init=False)
    """Whether it is trained alone, since it may be what made a worker crash."""

    def __post_init__(self) -> None:
        self.reached = max(self.run.points, default=0)
        self.crashes = list(self.run.crashes)
        self.quarantined = bool(self.crashes)

    def submit(self) -> None:
        """It is given to a worker, which has reported nothing yet."""
        self.begun, self.first_report, self.last_report = False, None, None

    def note(self, update: int, second: float) -> None:
        """Its worker has reported that it reached an update; update 0 says only that it began."""
        self.begun = True
        if update > 0:
            self.last_report = second, update
            self.first_report = self.first_report or self.last_report

    @property
    def updates_per_second(self) -> float:
        """Between the first and the last report, as the first of a resumed run says where it stands, not how
        fast it got there; 0 if there are fewer than two."""
        if self.first_report is None or self.last_report is None:
            return 0.0
        (begin, before), (end, after) = self.first_report, self.last_report
        return round((after - before) / (end - begin), 3) if end > begin else 0.0


class Scheduler:
    """Gives runs to an executor and records what becomes of them.

    `ask` says which runs have not ended, as far as the record decides, in the order in which they should be
    trained; `confirm_ownership` raises if the study belongs to this coordinator no longer; `stopped` says
    whether the scheduler should stop, and is called every 0.2 s.
    """

    def __init__(
        self,
        folder: Path,
        store: WritableStore,
        executor: Executor,
        listener: Listener,
        ask: Callable[[], Sequence[ScheduledRun]],
        confirm_ownership: Callable[[], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._folder, self._store, self._executor, self._listener = folder, store, executor, listener
        self._ask, self._confirm_ownership, self._stopped = ask, confirm_ownership, stopped
        self._runs: dict[str, ScheduledRun] = {}
        self._waiting: deque[ScheduledRun] = deque()
        self._at_work: dict[Future[list[Outcome]], list[ScheduledRun]] = {}
        self._ended_steps: set[int] = set()
        self._failed_starts = 0
        self._owner, self._last_heartbeat = describe_process(), -math.inf
        self._told: tuple[str, set[str]] = "", set()

    def execute(self, runs: Sequence[ScheduledRun]) -> None:
        """Have these runs and those that follow from their results trained to their ends, and close the
        executor.

        Raises: KeyboardInterrupt if `stopped` says so; StudyError, FileError or OSError if the study cannot
        go on. The workers have saved and ended then.
        """
        try:
            # Those that have begun come first.
            self._add(sorted(runs, key=lambda entry: entry.run.state != "running"))
            self._ask_for_more()
            while self._waiting or self._at_work:
                self._submit()
                self._send_heartbeat()
                done, _ = wait(self._at_work, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                self._read_progress()
                for future in done:
                    self._collect(future)
                if self._stopped():
                    raise KeyboardInterrupt
                self._ask_for_more()
        except BaseException:
            # Ctrl-C, or a record that cannot be written: nobody waits for the runs' ends.
            self._executor.stop()
            wait(self._at_work)
            raise
        finally:
            self._executor.close()

    def _ask_for_more(self) -> None:
        """Ask when a worker would be idle, or go on to a later step than that of a run that has ended since:
        what follows from that run comes first. Ask, too, when nothing is at work, whether workers are there
        or not: else the study would end."""
        while (
            self._ended_steps
            and (not self._at_work or len(self._at_work) < self._executor.capacity())
            and (not self._waiting or self._waiting[0].step > min(self._ended_steps))
        ):
            self._ended_steps.clear()
            self._add([entry for entry in self._ask() if entry.run.identifier not in self._runs])
            self._waiting = deque(sorted(self._waiting, key=lambda entry: entry.step))

    def _add(self, runs: Sequence[ScheduledRun]) -> None:
        self._runs |= {entry.run.identifier: entry for entry in runs}
        for entry in runs:
            if entry.run.outcome is not None:  # a coordinator was killed just before it marked the end
                self._finish(entry, entry.run.outcome)
            else:
                self._waiting.append(entry)

    def _submit(self) -> None:
        while self._waiting and len(self._at_work) < self._executor.capacity():
            if len(self._waiting[0].crashes) == _MAX_CRASHES - 1 and self._at_work:
                break  # its last try is when no other run is at work, which might take the memory it needs
            batch, jobs = self._next_batch(), []
            for entry in batch:
                self._store.begin(entry.run)
                self._listener.began(entry.run)
                entry.submit()
                name = entry.run.identifier
                out = self._folder / f"{name}.safetensors"
                jobs.append(Job(name, dict(entry.run.specification), out))
            self._at_work[self._executor.submit(jobs)] = batch

    def _next_batch(self) -> list[ScheduledRun]:
        """The next run, and others that can be trained beside it; a quarantined one alone."""
        first = self._waiting.popleft()
        most = 1 if first.quarantined else self._executor.side_by_side
        if most == 1:
            return [first]
        shape = shape_of(first.specification)
        fitting = [
            entry
            for entry in self._waiting
            if not entry.quarantined and shape_of(entry.specification) == shape
        ]
        for entry in fitting[: most - 1]:
            self._waiting.remove(entry)
        return [first, *fitting[: most - 1]]

    def _read_progress(self) -> None:
        for identifier, update, error in self._executor.progress():
            self._failed_starts = 0
            # An outcome may have come before its worker's last reports: these count no more.
            if (entry := self._runs.get(identifier)) is not None:
                entry.note(update, time.monotonic())
                self._progressed(entry, update, error)
        for entry in self._runs.values():
            if time.monotonic() - entry.written_at >= _WRITE_SECONDS:
                self._write(entry)

    def _progressed(self, entry: ScheduledRun, update: int, error: float) -> None:
        if update > entry.reached:
            entry.reached, entry.unwritten = update, (update, error)
            self._listener.progressed(entry.run, update, error)

    def _write(self, entry: ScheduledRun) -> None:
        """Record the last point of the curve; the outcome will have all of them."""
        if entry.unwritten is not None:
            self._store.report(entry.run, *entry.unwritten)
            entry.unwritten, entry.written_at = None, time.monotonic()

    def _collect(self, future: Future[list[Outcome]]) -> None:
        batch, error = self._at_work.pop(future), future.exception()
        if error is None:
            for entry, outcome in zip(batch, future.result(), strict=True):
                self._finish(entry, outcome)
        elif isinstance(error, FileError):
            raise error  # a full disk, say: no run's fault, and the study can be resumed later
        elif not isinstance(error, self._executor.crash_errors):
            self._record_crash(batch, describe_error(error))
        elif any(entry.begun for entry in batch):
            self._record_crash(batch, "its worker died")
        else:
            self._start_again(batch)

    def _start_again(self, batch: list[ScheduledRun]) -> None:
        """The worker died before it began a run: that was no run's fault."""
        self._failed_starts += 1
        if self._failed_starts == _MAX_FAILED_STARTS:
            raise StudyError(f"{_MAX_FAILED_STARTS} workers in a row died before they had begun a run")
        self._waiting.extendleft(reversed(batch))

    def _record_crash(self, batch: list[ScheduledRun], reason: str) -> None:
        if len(batch) > 1:  # one of them is to blame: training each alone will show which
            for entry in batch:
                entry.quarantined = True
            self._waiting.extend(batch)
            return
        (entry,) = batch
        if entry.crashes and entry.reached > entry.crashes[-1]["reached"]:
            entry.crashes.clear()
        entry.crashes.append({"reached": entry.reached, "reason": reason})
        entry.quarantined = True
        self._write(entry)
        self._store.record_crashes(entry.run, entry.crashes)
        if len(entry.crashes) < _MAX_CRASHES:
            self._listener.crashed(entry.run, reason)
            self._waiting.append(entry)
        else:
            failure = f"crashed {_MAX_CRASHES} times at update {entry.reached}; the last time:\n{reason}"
            nothing = {"curve": [], "result": None, "environment": None}
            self._finish(entry, {"state": "failed", "failure": failure, **nothing})

    def _finish(self, entry: ScheduledRun, outcome: Mapping[str, Any]) -> None:
        for update, _, error, *_ in outcome["curve"]:
            self._progressed(entry, update, error)
        self._write(entry)
        del self._runs[entry.run.identifier]
        self._store.finish(entry.run, outcome)
        self._listener.ended(entry.run, dict(outcome))
        self._ended_steps.add(entry.step)

    def _send_heartbeat(self) -> None:
        """Now and then, and whenever other runs are at work, confirm that the study is still ours, and record
        that it is at work, on what and how fast."""
        now, resumes_from = time.monotonic(), self._executor.resumes_from
        paces = {entry.run.identifier: entry.updates_per_second for entry in chain(*self._at_work.values())}
        if now - self._last_heartbeat >= _HEARTBEAT_SECONDS or (resumes_from, set(paces)) != self._told:
            self._confirm_ownership()
            self._store.heartbeat(
                {
                    "owner": self._owner,
                    "executor": self._executor.name,
                    "workers": self._executor.capacity(),
                    "side_by_side": self._executor.side_by_side,
                    "takes_over": resumes_from,
                    "updates_per_second": paces,
                }
            )
            self._last_heartbeat, self._told = now, (resumes_from, set(paces))
