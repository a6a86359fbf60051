"""Versions and machine of a run: all that decides its bits beside its specification."""

import os
import platform
from importlib import metadata
from typing import Any

from fastweights.machine import processor_name
from fastweights.native import xla


def environment() -> dict[str, Any]:
    """Versions and machine, as they enter a record; a run's bits depend on the kernels too."""
    names = ("fastweights", "jax", "jaxlib", "equinox", "optax", "numpy")
    return {
        **{name: metadata.version(name) for name in names},
        "kernels": xla.describe(),
        "python": platform.python_version(),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
    }
