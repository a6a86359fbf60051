"""What the tests with real processes share: children, and waiting."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def workers_of(process: int) -> list[int]:
    """The worker processes that a process has started with `spawn`."""
    workers = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == process and b"spawn_main" in (entry / "cmdline").read_bytes():
                    workers.append(int(entry.name))
            except OSError:
                continue
    return sorted(workers)


def is_alive(process: int) -> bool:
    """Whether the process exists, and not as a zombie only."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as the condition holds; fail after that many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {condition}"
        time.sleep(0.01)


def all_gone(processes: list[int]) -> bool:
    """Whether none of the processes is left."""
    return not any(map(is_alive, processes))


def slow_imports(names: tuple[str, ...], *command: str) -> tuple[str, list[str]]:
    """What `fastweights` prints for this command in a process of its own, and which modules of these it has
    imported by its end."""
    code = (
        "import atexit, sys\n"
        "from fastweights.cli import main\n"
        f"atexit.register(lambda: print('imported', *[name for name in {names!r} if name in sys.modules]))\n"
        f"main({list(command)!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *said, last = done.stdout.splitlines()
    first, *imported = last.split()
    assert first == "imported"
    return "\n".join(said), imported
