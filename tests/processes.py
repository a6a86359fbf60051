"""What the tests with real processes share: a compilation cache, children, and waiting."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def compiled_once(tmp_path_factory) -> Iterator[None]:
    """Processes started by a module share what they compile, and with other modules of the session: a
    worker then starts in a quarter of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "compiled"))
        patch.setenv("JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS", "0")
        patch.setenv("JAX_PERSISTENT_COMPILATION_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
        yield


def workers_of(process: int) -> list[int]:
    """The worker processes that a process has started with `spawn`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == process and b"spawn_main" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return sorted(found)


def is_alive(process: int) -> bool:
    """Whether the process exists, and not as a zombie only."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ignores_interrupts(process: int) -> bool:
    """Whether a worker has come so far that Ctrl-C no longer ends it."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return False
    mask = next(line.split()[1] for line in lines if line.startswith("SigIgn"))
    return bool(int(mask, 16) & 2)


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as the condition holds; fail after that many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {condition}"
        time.sleep(0.01)


def all_gone(processes: list[int]) -> bool:
    """Whether none of the processes is left."""
    return not any(map(is_alive, processes))
