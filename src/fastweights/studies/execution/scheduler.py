"""The coordinator's desk: what waits, what is at work, and what became of it."""

import math
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any, Protocol

from fastweights.errors import FileError, StudyError
from fastweights.runs.specification import RunSpecification
from fastweights.runs.worker import Outcome, shape_of
from fastweights.studies.execution.jobs import Job
from fastweights.studies.execution.local import Executor
from fastweights.studies.execution.throughput import Throughput
from fastweights.studies.record.locks import describe_process
from fastweights.studies.record.store import Run
from fastweights.studies.record.writable_store import WritableStore

_ATTEMPTS = 3
_MAX_FAILED_STARTS = 20
_PATIENCE_SECONDS = 0.2
_SIGN_SECONDS = 15
_WRITE_SECONDS = 5


class Listener(Protocol):
    """Who wants to know how a study goes on; called by the coordinator, in its own thread."""

    def planned(self, runs: Sequence[Run]) -> None:
        """All runs of the study, those already finished included."""
        ...

    def began(self, run: Run) -> None:
        """A run was handed to a worker."""
        ...

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        """A run reached an update."""
        ...

    def crashed(self, run: Run, reason: str) -> None:
        """A run's worker died, or it raised; it will be handed out again."""
        ...

    def ended(self, run: Run, outcome: Outcome) -> None:
        """A run finished or failed."""
        ...


class Scheduler:
    """Hands the missing runs of a study to an executor and records what becomes of them."""

    def __init__(
        self,
        folder: Path,
        store: WritableStore,
        specifications: Mapping[str, RunSpecification],
        missing: Iterable[Run],
        executor: Executor,
        listener: Listener,
        confirm: Callable[[], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._folder = folder
        self._store, self._executor, self._listener = store, executor, listener
        self._specifications, self._confirm, self._stopped = specifications, confirm, stopped
        # Those that have begun come first.
        self._waiting = deque(sorted(missing, key=lambda run: run.state != "running"))
        self._at_work: dict[Future[list[Outcome]], list[Run]] = {}
        self._runs = {run.identifier: run for run in self._waiting}
        self._reached = {run.identifier: max(run.points, default=0) for run in self._waiting}
        self._losses = {run.identifier: list(run.crashes) for run in self._waiting}
        self._suspects = {name for name, losses in self._losses.items() if losses}
        self._unwritten: dict[str, tuple[int, float]] = {}
        self._written: dict[str, float] = {}
        self._heard: set[str] = set()
        self._stillborn = 0
        self._paces = Throughput()
        self._owner, self._signed, self._takes_over = describe_process(), -math.inf, ""

    def work(self) -> None:
        """Until nothing is left to do."""
        try:
            for run in list(self._waiting):
                if run.outcome is not None:  # whoever was killed had one more word to write
                    self._waiting.remove(run)
                    self._finish(run, run.outcome)
            while self._waiting or self._at_work:
                self._hand_out()
                self._sign()
                done, _ = wait(self._at_work, timeout=_PATIENCE_SECONDS, return_when=FIRST_COMPLETED)
                self._listen()
                for future in done:
                    self._collect(future)
                if self._stopped():
                    raise KeyboardInterrupt
        except BaseException:
            # Ctrl-C, or a record that cannot be written: nobody waits for the runs' ends.
            self._executor.stop()
            wait(self._at_work)
            raise
        finally:
            self._executor.close()

    def _hand_out(self) -> None:
        while self._waiting and len(self._at_work) < self._executor.capacity():
            last_try = len(self._losses[self._waiting[0].identifier]) == _ATTEMPTS - 1
            if last_try and self._at_work:
                break  # it goes last and alone: if memory was short, then not for want of company
            batch = self._next_batch()
            for run in batch:
                self._store.begin(run)
                self._listener.began(run)
                self._paces.begin(run.identifier)
                self._heard.discard(run.identifier)
            jobs = [
                Job(run.identifier, dict(run.specification), self._folder / f"{run.identifier}.safetensors")
                for run in batch
            ]
            self._at_work[self._executor.submit(jobs)] = batch

    def _next_batch(self) -> list[Run]:
        """The next run, and others that can be trained beside it; a suspect goes alone, so that it is clear
        who did it."""
        first = self._waiting.popleft()
        batch = [first]
        if first.identifier in self._suspects or self._executor.side_by_side == 1:
            return batch
        shape = shape_of(self._specifications[first.identifier])
        for run in list(self._waiting):
            if len(batch) == self._executor.side_by_side:
                break
            if (
                run.identifier not in self._suspects
                and shape_of(self._specifications[run.identifier]) == shape
            ):
                self._waiting.remove(run)
                batch.append(run)
        return batch

    def _listen(self) -> None:
        for identifier, update, error in self._executor.progress():
            self._heard.add(identifier)
            self._stillborn = 0
            self._progressed(self._runs[identifier], update, error)
            self._paces.note(identifier, update)
        for identifier in list(self._unwritten):
            if time.monotonic() - self._written.get(identifier, -math.inf) >= _WRITE_SECONDS:
                self._write(self._runs[identifier])

    def _progressed(self, run: Run, update: int, error: float) -> None:
        if update > self._reached.get(run.identifier, math.inf):
            self._reached[run.identifier] = update
            self._unwritten[run.identifier] = update, error
            self._listener.progressed(run, update, error)

    def _write(self, run: Run) -> None:
        """Record the last point that is not recorded yet; the outcome will have all of them."""
        if run.identifier in self._unwritten:
            self._store.report(run, *self._unwritten.pop(run.identifier))
            self._written[run.identifier] = time.monotonic()

    def _collect(self, future: Future[list[Outcome]]) -> None:
        batch, error = self._at_work.pop(future), future.exception()
        for run in batch:
            self._paces.end(run.identifier)
        if isinstance(error, FileError):
            raise error  # a full disk, say: nobody's failure, and the study can be taken up later
        if error is None:
            for run, outcome in zip(batch, future.result(), strict=True):
                self._finish(run, outcome)
            return
        died = isinstance(error, self._executor.lost)
        if died and not any(run.identifier in self._heard for run in batch):
            self._start_again(batch)
            return
        reason = "its worker died" if died else "".join(traceback.format_exception(error))
        for run in batch:
            if len(batch) == 1:
                self._lose(run, reason)
            else:
                self._suspects.add(run.identifier)  # one of them did it: each alone will show
                self._waiting.append(run)

    def _start_again(self, batch: list[Run]) -> None:
        """Their worker died before it had begun them: none of them did it."""
        self._stillborn += 1
        if self._stillborn == _MAX_FAILED_STARTS:
            raise StudyError(f"{_MAX_FAILED_STARTS} workers in a row died before they had begun a run")
        self._waiting.extendleft(reversed(batch))

    def _lose(self, run: Run, reason: str) -> None:
        reached, losses = self._reached[run.identifier], self._losses[run.identifier]
        if losses and reached > losses[-1]["reached"]:
            losses.clear()
        losses.append({"reached": reached, "reason": reason})
        self._suspects.add(run.identifier)
        self._write(run)
        self._store.record_crashes(run, losses)
        if len(losses) < _ATTEMPTS:
            self._listener.crashed(run, reason)
            self._waiting.append(run)
        else:
            failure = f"lost {_ATTEMPTS} times at update {reached}; the last time:\n{reason}"
            self._finish(run, _failed(failure))

    def _finish(self, run: Run, outcome: Mapping[str, Any]) -> None:
        # The outcome may have overtaken the worker's last words: what comes after it counts no more.
        for update, _, error, *_ in outcome["curve"]:
            self._progressed(run, update, error)
        self._write(run)
        del self._reached[run.identifier]
        self._store.finish(run, outcome)
        self._listener.ended(run, dict(outcome))

    def _sign(self) -> None:
        """Now and then, say that the study is worked on, and how fast; that it is still ours, first."""
        now, takes_over = time.monotonic(), self._executor.takes_over
        if now - self._signed >= _SIGN_SECONDS or takes_over != self._takes_over:
            self._confirm()
            self._store.heartbeat(
                {
                    "owner": self._owner,
                    "executor": self._executor.name,
                    "workers": self._executor.capacity(),
                    "side_by_side": self._executor.side_by_side,
                    "takes_over": takes_over,
                    "updates_per_second": self._paces.now(),
                }
            )
            self._signed, self._takes_over = now, takes_over


def _failed(reason: str) -> Outcome:
    return {"state": "failed", "curve": [], "result": None, "failure": reason, "environment": None}
