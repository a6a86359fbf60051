"""What runs on the nodes of a Ray cluster: workers. The coordinator makes actors of this plain class.

JAX is imported only when it is clear what a worker may run on.
"""

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastweights import __version__
from fastweights.errors import FileError
from fastweights.studies.execution.ray.folders import own_folder
from fastweights.studies.execution.ray.queue import Files, Reporter

if TYPE_CHECKING:
    from fastweights.studies.execution.jobs import Job

_FOLDERS = "fastweights-runs-"


class WorkerLostError(Exception):
    """A worker or its node was lost, or has no room for a run's files."""


class Probe(NamedTuple):
    """A file in the study's folder; who reads the token there sees the folder."""

    path: Path
    token: str

    def is_seen(self) -> bool:
        """Whether this machine sees the folder, and may write there."""
        try:
            if self.path.read_text() != self.token:
                return False
            tempfile.TemporaryFile(dir=self.path.parent).close()
        except (OSError, ValueError):
            return False
        return True


class Worker:
    """On a core or a GPU of some node; trains what it is handed, one submission after the other."""

    def __init__(self, mailbox: Any, probe: Probe, kind: str, version: str) -> None:
        if version != __version__:
            raise RuntimeError(f"this node has fastweights {__version__}, the coordinator {version}")
        if kind == "CPU":
            os.environ["JAX_PLATFORMS"] = "cpu"  # a GPU of this node is not for us
        from fastweights.runs.worker import prepare

        prepare()
        self._mailbox = mailbox
        self._shared = probe.is_seen()

    def work(self, number: int, jobs: Sequence["Job"], files: Files) -> tuple[list[Any], Files]:
        """The outcomes, and the files that are new, if the folder is not shared.

        A node that was cut off, but not lost, may still do this when somebody else does it too. Both have
        the same specification and files that are replaced in one step, so that is a waste, and no harm.

        Raises: WorkerLostError if this node has no room for the files; what `jobs.work` raises.
        """
        if self._shared:
            return self._do(number, jobs, None), {}
        with contextlib.ExitStack() as stack:
            folder = _folder(stack)
            _unpack(files, folder)
            here = [job._replace(out=folder / job.out.name) for job in jobs]
            try:
                outcomes = self._do(number, here, folder)
            except FileError as error:
                raise WorkerLostError(f"no room on this node: {error}") from error
            now = {path.name: path.read_bytes() for path in folder.iterdir()}
            return outcomes, {name: content for name, content in now.items() if files.get(name) != content}

    def _do(self, number: int, jobs: Sequence["Job"], folder: Path | None) -> list[Any]:
        from fastweights.studies.execution.jobs import work

        reporter = Reporter(self._mailbox, number, folder)
        try:
            return work(jobs, reporter.report, reporter.stopped)
        finally:
            reporter.flush()


def _folder(stack: contextlib.ExitStack) -> Path:
    try:
        return stack.enter_context(own_folder(_FOLDERS))
    except OSError as error:
        raise WorkerLostError(f"no room on this node: {error}") from error


def _unpack(files: Files, folder: Path) -> None:
    try:
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise WorkerLostError(f"no room on this node: {error}") from error
