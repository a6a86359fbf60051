"""What runs on the nodes of a Ray cluster: workers, and the mailbox between them and the coordinator.

Both are plain classes, which the coordinator makes actors of. JAX is imported only after a worker has said
what it may run on.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastweights import __version__
from fastweights.errors import FileError

if TYPE_CHECKING:
    from fastweights.studies.jobs import Job, Progress

Files = dict[str, bytes]
"""Files of runs by their names; they travel where no folder is shared."""

_CARRY_SECONDS = 1.0
_FOLDERS = "fastweights-runs-"
_SETTLED_SECONDS = 60


class LostError(Exception):
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


class Letters(NamedTuple):
    """What lay in the mailbox, by the numbers of submissions."""

    words: dict[int, list["Progress"]]
    files: dict[int, Files]
    shared: dict[int, bool]


class Mailbox:
    """On the coordinator's node, so that it keeps what a node sent that is lost the next moment."""

    def __init__(self) -> None:
        self._stop = False
        self._letters = Letters({}, {}, {})

    def post(self, number: int, shared: bool, words: list["Progress"], files: Files) -> bool:
        """From a worker: how far its runs got, and their checkpoints if the folder is not shared. Of these
        only the last are kept. The answer is whether the worker should stop."""
        self._letters.words.setdefault(number, []).extend(words)
        self._letters.files.setdefault(number, {}).update(files)
        self._letters.shared[number] = shared
        return self._stop

    def empty(self, stop: bool) -> Letters:
        """From the coordinator, five times a second; a mailbox that was restarted learns `stop` anew."""
        letters, self._letters = self._letters, Letters({}, {}, {})
        self._stop = stop
        return letters


class Worker:
    """On a core or a GPU of some node; trains what it is handed, one submission after the other."""

    def __init__(self, mailbox: Any, probe: Probe, kind: str, version: str) -> None:
        if version != __version__:
            raise RuntimeError(f"this node has fastweights {__version__}, the coordinator {version}")
        if kind == "CPU":
            os.environ["JAX_PLATFORMS"] = "cpu"  # a GPU of this node is not for us
        from fastweights.studies.worker import prepare

        prepare()
        self._mailbox = mailbox
        self._shared = probe.is_seen()

    def work(self, number: int, jobs: Sequence["Job"], files: Files) -> tuple[list[Any], Files]:
        """The outcomes, and the files that are new, if the folder is not shared.

        A node that was cut off, but not lost, may still do this when somebody else does it too. Both have
        the same specification and files that are replaced in one step, so that is a waste, and no harm.

        Raises: LostError if this node has no room for the files; what `jobs.work` raises.
        """
        if self._shared:
            return self._do(number, jobs, None), {}
        with _folder_of_this_node() as folder:
            _unpack(files, folder)
            here = [job._replace(out=folder / job.out.name) for job in jobs]
            try:
                outcomes = self._do(number, here, folder)
            except FileError as error:
                raise LostError(f"no room on this node: {error}") from error
            now = {path.name: path.read_bytes() for path in folder.iterdir()}
            return outcomes, {name: content for name, content in now.items() if files.get(name) != content}

    def _do(self, number: int, jobs: Sequence["Job"], folder: Path | None) -> list[Any]:
        from fastweights.studies.jobs import work

        reporter = _Reporter(self._mailbox, number, folder)
        try:
            return work(jobs, reporter.report, reporter.stopped)
        finally:
            reporter.flush()


class _Reporter:
    """Posts what a worker says, each thing at once if the checkpoint it speaks of is in a shared folder;
    else every second, with the checkpoints: what was reported is safe."""

    def __init__(self, mailbox: Any, number: int, folder: Path | None) -> None:
        self._mailbox, self._number, self._folder = mailbox, number, folder
        self._held: list[Progress] = []
        self._sent: dict[str, int] = {}
        if folder is not None:
            self._news(folder)  # the coordinator has sent them
        self._posted = 0.0
        self._answer: Any = None

    def report(self, progress: "Progress") -> None:
        self._held.append(progress)
        if self._answer is None:
            self.flush()  # it must be known that a run has begun, whatever the worker dies of next
        elif self._folder is None or time.monotonic() - self._posted >= _CARRY_SECONDS:
            self._post()

    def stopped(self) -> bool:
        import ray  # pyright: ignore[reportMissingImports]

        return ray.get(self._answer)

    def flush(self) -> None:
        """Post what is held back, and wait until it has arrived."""
        self._post()
        self.stopped()

    def _post(self) -> None:
        files = {} if self._folder is None else self._news(self._folder)
        self._answer = self._mailbox.post.remote(self._number, self._folder is None, self._held, files)
        self._held, self._posted = [], time.monotonic()

    def _news(self, folder: Path) -> Files:
        """The checkpoints that were written since the last time."""
        found = {}
        for path in folder.glob("*.partial"):
            written = path.stat().st_mtime_ns
            if self._sent.get(path.name) != written:
                self._sent[path.name], found[path.name] = written, path.read_bytes()
        return found


def _unpack(files: Files, folder: Path) -> None:
    try:
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise LostError(f"no room on this node: {error}") from error


@contextlib.contextmanager
def _folder_of_this_node() -> Iterator[Path]:
    """A temporary folder; those that killed workers have left are removed first.

    A folder in use is locked. A new one may not be yet, so the young ones stay.
    """
    try:
        for old in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
            with contextlib.suppress(OSError), _locked(old):
                if time.time() - old.stat().st_mtime > _SETTLED_SECONDS:
                    shutil.rmtree(old)
        folder = Path(tempfile.mkdtemp(prefix=_FOLDERS))
    except OSError as error:
        raise LostError(f"no room on this node: {error}") from error
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
