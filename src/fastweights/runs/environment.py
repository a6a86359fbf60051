"""Versions and machine of a run: all that decides its bits beside its specification."""

import functools
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from fastweights.machine import processor_name
from fastweights.native import xla
from fastweights.plugins import digest_of_files

_PACKAGE = Path(__file__).parents[1]
_CODE = (
    "cells",
    "inheritance.py",
    "memories",
    "models",
    "native",
    "numerics.py",
    "runs",
    "tasks",
    "training",
)
"""What a run's numbers are computed by."""


@functools.cache
def code() -> str:
    """Twelve hexadecimal digits of the digest of the package's code that a run's numbers are computed by; a
    plugin's is in the specification.

    Any change of a file counts, even of a comment: what it costs is time, that of runs begun anew.
    """
    files = (
        file
        for path in (_PACKAGE / place for place in _CODE)
        for file in sorted(path.rglob("*") if path.is_dir() else [path])
        if file.suffix in (".py", ".cc", ".h")
    )
    return digest_of_files(_PACKAGE, files)[:12]


def environment() -> dict[str, Any]:
    """Versions and machine, as they enter a record; a run's bits depend on the kernels too."""
    names = ("fastweights", "jax", "jaxlib", "equinox", "optax", "numpy")
    return {
        **{name: metadata.version(name) for name in names},
        "code": code(),
        "kernels": xla.describe(),
        "python": platform.python_version(),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
    }
