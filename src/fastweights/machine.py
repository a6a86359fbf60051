"""What this machine is: its processor, and the cores that this process may use."""

import os
import platform
from pathlib import Path


def available_cores() -> list[int]:
    """The numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def processor_name() -> str:
    """As the processor calls itself."""
    return processor().get("model name") or platform.processor() or platform.machine()


def processor() -> dict[str, str]:
    """What the operating system says of the first processor, by Linux' names (`flags`, `model name`, …);
    nothing, where it does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
