"""This machine: its processor, and the cores that this process may use."""

import multiprocessing
import os
import platform
import threading
from pathlib import Path


def available_cores() -> list[int]:
    """The numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def processor_name() -> str:
    """The processor's model name, as the operating system gives it."""
    return processor().get("model name") or platform.processor() or platform.machine()


def processor() -> dict[str, str]:
    """The description of the first processor in `/proc/cpuinfo` (`flags`, `model name`, …); empty where there
    is none."""
    try:
        text = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def end_with_parent() -> None:
    """End this process once the one that started it by `multiprocessing` has ended, however that ended."""
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
