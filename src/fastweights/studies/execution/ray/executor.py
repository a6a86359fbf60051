"""Workers on a Ray cluster: one a core, or one a GPU with many runs side by side."""

import contextlib
import itertools
import math
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

from fastweights import __version__
from fastweights.errors import check
from fastweights.files import write_atomically
from fastweights.plugins import loaded
from fastweights.runs.worker import Outcome
from fastweights.studies.execution.executor import Job, Progress
from fastweights.studies.execution.ray import cluster as ray_cluster
from fastweights.studies.execution.ray.message_queue import Files, MessageQueue
from fastweights.studies.execution.ray.messages import MessageReceiver
from fastweights.studies.execution.ray.worker import Probe, Worker, WorkerLostError

_PROBE = ".ray-probe"
_IDLE_SECONDS = 2.0
_SIDE_BY_SIDE = {"CPU": 1, "GPU": 32}
_RESUMES_FROM = {
    frozenset(): "its last checkpoint",
    frozenset([True]): "its last checkpoint in the shared folder",
    frozenset([False]): "its last checkpoint, carried through Ray's object store",
    frozenset([True, False]): (
        "its last checkpoint, in the shared folder or carried through Ray's object store, as its node allows"
    ),
}


class _WorkerHandle(NamedTuple):
    """A worker, with the number of its submission or the time since which it is idle."""

    actor: Any
    kind: str
    number: int = 0
    since: float = 0.0


class RayExecutor:
    """Actors on a Ray cluster. They are started when needed, used again, and ended when they are idle; and
    they end with their coordinator, however it ends.

    A worker whose node sees the study's `folder` works there, as a local one does. Another works in a
    temporary folder of its node; what it writes is sent to the coordinator, which puts it into the folder.
    In both cases a run whose worker is lost resumes from its last checkpoint, wherever there is room.

    `address` is what `ray_cluster.join` takes. At most `workers` are used. They are GPUs while the cluster
    has any, and then train up to 32 runs `side_by_side`; else cores, and one.

    Raises: InvalidValueError if a number is below 1; FileError if the folder cannot be written; what
    `ray_cluster.join` raises.
    """

    name = "ray"
    crash_errors: tuple[type[Exception], ...] = (WorkerLostError,)

    def __init__(
        self, address: str | None, folder: Path, workers: int | None = None, side_by_side: int | None = None
    ) -> None:
        check(workers is None or workers >= 1, f"workers must be at least 1; got {workers}")
        good = side_by_side is None or side_by_side >= 1
        check(good, f"side_by_side must be at least 1; got {side_by_side}")
        self._max_workers, self._wanted_side_by_side, self.side_by_side = workers, side_by_side, 1
        self._kind, self._places, self._counted = "", 0, -math.inf
        self._idle: list[_WorkerHandle] = []
        self._busy: dict[Future[list[Outcome]], _WorkerHandle] = {}
        self._numbers = itertools.count(1)
        with contextlib.ExitStack() as stack:
            stack.callback(ray_cluster.join(address, workers))
            self._update_capacity()
            # Not resolved: the nodes know the folder by the name that the coordinator uses, or not at all.
            self._probe = Probe(Path(folder).absolute() / _PROBE, secrets.token_hex())
            write_atomically(self._probe.path, self._probe.token.encode())
            stack.callback(self._probe.path.unlink, missing_ok=True)
            self._queue = _start_queue()
            stack.callback(ray_cluster.ray.kill, self._queue)
            self._messages = MessageReceiver(self._queue)
            stack.callback(self._messages.close)
            self._exits = stack.pop_all()

    @property
    def resumes_from(self) -> str:
        return _RESUMES_FROM[frozenset(self._messages.shared)]

    def capacity(self) -> int:
        self._update_capacity()
        places = max(1, self._places)  # one waits for a node, if there is none
        return places if self._max_workers is None else min(places, self._max_workers)

    def submit(self, jobs: Sequence[Job]) -> Future[list[Outcome]]:
        self._release_workers()
        fitting = [worker for worker in self._idle if worker.kind == self._kind]
        if fitting:
            self._idle.remove(fitting[-1])
        actor = fitting[-1].actor if fitting else self._start_worker()
        number = next(self._numbers)
        absolute = [job._replace(out=Path(job.out).absolute()) for job in jobs]
        ref = actor.work.remote(number, absolute, _files(absolute))
        future = self._messages.expect(number, ref, absolute[0].out.parent)
        self._busy[future] = _WorkerHandle(actor, self._kind, number)
        return future

    def progress(self) -> list[Progress]:
        self._release_workers()
        self._update_capacity()
        while self._idle and time.monotonic() - self._idle[0].since > _IDLE_SECONDS:
            # Another may be waiting for its place, one of ours or somebody else's.
            ray_cluster.ray.kill(self._idle.pop(0).actor)
        return self._messages.progress()

    def stop(self) -> None:
        self._messages.stop()
        self._kill_unbegun(list(self._busy.values()))

    def close(self) -> None:
        with self._exits:
            for worker in [*self._idle, *self._busy.values()]:
                ray_cluster.ray.kill(worker.actor)
            self._idle, self._busy = [], {}

    def _release_workers(self) -> None:
        """Move the workers that are done to the idle ones; the one idle for longest comes first."""
        for future in [future for future in self._busy if future.done()]:
            worker = self._busy.pop(future)
            if isinstance(future.exception(), self.crash_errors):
                ray_cluster.ray.kill(worker.actor)
            else:
                self._idle.append(worker._replace(since=time.monotonic()))

    def _update_capacity(self) -> None:
        """Once a second, ask the cluster how much room it has. Nodes come and go, and so may all GPUs."""
        if time.monotonic() - self._counted < 1:
            return
        before, places = self._kind, {kind: ray_cluster.places(kind) for kind in ("GPU", "CPU")}
        self._kind = "GPU" if places["GPU"] else "CPU"
        self._places, self._counted = places[self._kind], time.monotonic()
        self.side_by_side = self._wanted_side_by_side or _SIDE_BY_SIDE[self._kind]
        if self._kind != before:
            self._kill_unbegun([worker for worker in self._busy.values() if worker.kind == before])

    def _kill_unbegun(self, workers: Sequence[_WorkerHandle]) -> None:
        """Kill those that have not begun: they may be waiting for a place that never comes."""
        for worker in workers:
            if worker.number not in self._messages.begun:
                ray_cluster.ray.kill(worker.actor)

    def _start_worker(self) -> Any:
        resources = {"num_cpus": 1} if self._kind == "CPU" else {"num_cpus": 0, "num_gpus": 1}
        actor = ray_cluster.ray.remote(Worker).options(
            **resources, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD"
        )
        return actor.remote(self._queue, self._probe, self._kind, __version__, loaded())


def _start_queue() -> Any:
    """On this very node. A queue that dies is started again, and only the messages in it are lost."""
    from ray.util import scheduling_strategies  # pyright: ignore[reportMissingImports]

    here = ray_cluster.ray.get_runtime_context().get_node_id()
    actor = ray_cluster.ray.remote(MessageQueue).options(
        num_cpus=0,
        max_restarts=-1,
        max_task_retries=-1,
        scheduling_strategy=scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False),
    )
    return actor.remote()


def _files(jobs: Sequence[Job]) -> Files:
    """What there is of the runs, for a worker that cannot see it: checkpoints, and models that were written
    but not recorded."""
    files = {}
    for job in jobs:
        for path in (job.out, job.out.with_name(f"{job.out.name}.partial")):
            with contextlib.suppress(FileNotFoundError):
                files[path.name] = path.read_bytes()
    return files
