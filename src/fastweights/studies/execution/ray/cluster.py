"""A Ray cluster: joining it or starting one, quietly and in bounded time, and leaving it again."""

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from fastweights.errors import FastweightsError
from fastweights.machine import available_cores
from fastweights.studies.execution.local import signals_deferred
from fastweights.studies.execution.ray.temporary import temporary_folder

ray: Any = None
"""The package; None until a cluster was joined, as it is an extra and takes a second to import."""

_PATIENCE_SECONDS = 10
# Ray prints what happens on the cluster to the standard output, which is ours; `status` says it.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# All of a local cluster's objects; those that don't fit go to its temporary folder.
_OBJECT_BYTES = 128 * 2**20


def check_installed() -> None:
    """Raise FastweightsError unless Ray is installed."""
    if importlib.util.find_spec("ray") is None:
        raise FastweightsError("the executor ray needs an extra package: pip install 'fastweights[ray]'")


def join(address: str | None, workers: int | None) -> Callable[[], None]:
    """Join the cluster at `address` (`auto`: one of which this machine is), and return what leaves it.

    Without an address it is the one in `RAY_ADDRESS`, else a new one of this machine only, with as many
    places as `workers`, by default one for each core. A program that has joined a cluster already stays
    there.

    Raises: FastweightsError if Ray is not installed, if no cluster answers at the address, or if none can be
    started.
    """
    global ray
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    check_installed()
    import ray as package  # pyright: ignore[reportMissingImports]

    ray = package
    if ray.is_initialized():
        return lambda: None
    address = address or os.environ.get("RAY_ADDRESS")
    try:
        with signals_deferred():
            if address in (None, "", "local"):
                return _start(workers or len(available_cores()))
            if "://" in address:
                raise FastweightsError(
                    f"join the cluster from one of its own machines, by auto or HOST:PORT; got {address!r}"
                )
            _check_alive(address)
            ray.init(address, logging_level="error", log_to_driver=False)
            return ray.shutdown
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        what = f"no Ray cluster answers at {address!r}" if address else "Ray cannot be started"
        raise FastweightsError(f"{what}: {error}") from error


def places(kind: str) -> int:
    """How many workers the cluster has room for, with one CPU or GPU each, as things are now."""
    return sum(int(node["Resources"].get(kind, 0)) for node in ray.nodes() if node["Alive"])


def _start(places: int) -> Callable[[], None]:
    base = tempfile.gettempdir()
    with contextlib.ExitStack() as stack:
        # The names of sockets are at most 107 bytes long, and Ray's take up 80.
        folder = stack.enter_context(temporary_folder("fw-ray-", base if len(base) < 25 else "/tmp"))
        stack.callback(ray.shutdown)
        ray.init(
            "local",
            num_cpus=places,
            include_dashboard=False,
            object_store_memory=_OBJECT_BYTES,
            logging_level="error",
            log_to_driver=False,
            _temp_dir=str(folder),
        )
        return stack.pop_all().close


def _check_alive(address: str) -> None:
    """Ask `ray status`, in a process that can be ended: `ray.init` would wait for minutes.

    Raises: ConnectionError if no cluster answers.
    """
    command = [sys.executable, "-m", "ray.scripts.scripts", "status", f"--address={address}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        raise ConnectionError(f"there was no answer in {_PATIENCE_SECONDS} s") from None
    if done.returncode != 0:
        raise ConnectionError(done.stderr.strip().rpartition("\n")[2])
