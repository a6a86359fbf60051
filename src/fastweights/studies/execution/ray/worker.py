"""A worker on a Ray cluster.

This module imports JAX only in the worker's process, after it has said which device JAX may use.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fastweights import __version__
from fastweights.errors import FileError
from fastweights.plugins import Plugin, load_all
from fastweights.studies.execution.executor import Job, run_jobs
from fastweights.studies.execution.ray.message_queue import Files, Reporter
from fastweights.studies.execution.ray.temporary import temporary_folder

_FOLDERS = "fastweights-runs-"


class WorkerLostError(Exception):
    """A worker or its node was lost, or has no room for a run's files."""


class Probe(NamedTuple):
    """A file in the study's folder: a machine that reads the token there sees the folder."""

    path: Path
    token: str

    def is_visible(self) -> bool:
        """Whether this machine sees the folder, and may write there."""
        try:
            if self.path.read_text() != self.token:
                return False
            tempfile.TemporaryFile(dir=self.path.parent).close()
        except (OSError, ValueError):
            return False
        return True


class Worker:
    """An actor on a core or a GPU of some node; it trains one submission after the other."""

    def __init__(
        self, queue: Any, probe: Probe, kind: str, version: str, plugins: Sequence[Plugin] = ()
    ) -> None:
        if version != __version__:
            raise RuntimeError(f"this node has fastweights {__version__}, the coordinator {version}")
        if kind == "CPU":
            os.environ["JAX_PLATFORMS"] = "cpu"  # a GPU of this node is not for us
        from fastweights.runs.worker import prepare

        prepare()
        load_all(plugins)
        self._queue = queue
        self._shared = probe.is_visible()

    def work(self, number: int, jobs: Sequence[Job], files: Files) -> tuple[list[Any], Files]:
        """The outcomes, and the files that are new, if the folder is not shared.

        A node that was cut off, but not lost, may still do this when another does it too. Both have the same
        specification and replace files in one step, so that wastes time and does no harm.

        Raises: WorkerLostError if this node has no room for the files; what `run_jobs` raises.
        """
        if self._shared:
            with Reporter(self._queue, number, None) as reporter:
                return run_jobs(jobs, reporter.report, reporter.stopped), {}
        with contextlib.ExitStack() as stack:
            with _lost_by(OSError):
                folder = stack.enter_context(temporary_folder(_FOLDERS))
                for name, content in files.items():
                    (folder / name).write_bytes(content)
            here = [job._replace(out=folder / job.out.name) for job in jobs]
            with _lost_by(FileError), Reporter(self._queue, number, folder) as reporter:
                outcomes = run_jobs(here, reporter.report, reporter.stopped)
            now = {path.name: path.read_bytes() for path in folder.iterdir()}
            return outcomes, {name: content for name, content in now.items() if files.get(name) != content}


@contextlib.contextmanager
def _lost_by(kind: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kind as error:
        raise WorkerLostError(f"no room on this node: {error}") from error
