"""JAX's compilation cache in the user's cache folder; the check that JAX has the platform it should use."""

import contextlib
import hashlib
import multiprocessing
import os
import platform
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import jax
from jax._src.compilation_cache import decompress_executable
from jaxlib.version import __version__ as jaxlib_version

from fastweights.errors import InvalidValueError
from fastweights.files import cache_folder, make_private
from fastweights.machine import processor

MAX_BYTES = 128 * 2**20
"""The size of the cache; the programs of one shape take about half a million bytes."""


def keep_compiled() -> None:
    """Keep what JAX compiles in the user's cache folder, where later processes find it.

    The folder is `fastweights/compiled` in `$XDG_CACHE_HOME` or `~/.cache`. When it exceeds 128 MiB, the
    least recently used programs are removed. Nothing changes if the folder cannot be used, if
    `JAX_COMPILATION_CACHE_DIR` names another, or with `JAX_ENABLE_COMPILATION_CACHE=0`.
    """
    config: Any = jax.config
    if config.jax_compilation_cache_dir or not config.jax_enable_compilation_cache:
        return
    try:
        root = cache_folder() / "compiled"
        folder = root / f"jaxlib-{jaxlib_version}-{_processor()}"
        make_private(folder)
        _drop_damaged(folder)
        _drop_oldest(root, MAX_BYTES)
    except (OSError, RuntimeError):  # the latter, if there is no home
        return  # a run must not fail for want of a cache
    # JAX compiles what it cannot read or write, but says so each time.
    warnings.filterwarnings("ignore", r"Error (reading|writing) persistent compilation cache entry")
    config.update("jax_compilation_cache_dir", str(folder))
    config.update("jax_persistent_cache_min_compile_time_secs", 0)


def check_platform() -> None:
    """Raise InvalidValueError unless JAX can compute on what the variable JAX_PLATFORMS names."""
    platforms = getattr(jax.config, "jax_platforms", None)
    if not platforms:
        return  # JAX takes the best that is there
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # the latter, without a word, where there is no GPU
        why = f": {error}" if str(error) else ""
        raise InvalidValueError(f"JAX_PLATFORMS is {platforms}, which JAX cannot use here{why}") from None


def check_platform_of_processes() -> None:
    """As `check_platform`, for the processes that this one starts: a process asks that holds no GPU later.

    A process that dies meanwhile, as by Ctrl-C, says nothing of the platform: then the workers find out.

    Raises: InvalidValueError as `check_platform` does.
    """
    if getattr(jax.config, "jax_platforms", None) not in (None, "", "cpu"):
        with (
            contextlib.suppress(BrokenProcessPool),
            ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
        ):
            pool.submit(check_platform).result()


def _processor() -> str:
    """Twelve hexadecimal digits for the kind of processor and its instructions: a home folder may be
    shared by machines that cannot run each other's programs."""
    names = ("vendor_id", "cpu family", "model", "flags", "CPU", "Features")
    lines = [f"{name}: {value}" for name, value in processor().items() if name.startswith(names)]
    known = "\n".join([platform.machine(), platform.processor(), *lines])
    return hashlib.sha256(known.encode()).hexdigest()[:12]


def _drop_damaged(folder: Path) -> None:
    """Remove the entries that a kill or a full disk cut short: JAX neither reads nor replaces them.

    Only those written since the last time are read; the time is that of the file `checked`.
    """
    checked, now = folder / "checked", time.time()
    since = checked.stat().st_mtime if checked.exists() else 0
    for path in folder.glob("*-cache"):
        # Another process may remove it, or may be about to write it: then it compiles it once more.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime >= since and not _is_whole(path.read_bytes()):
                path.unlink()
    checked.touch()
    os.utime(checked, (now, now))


def _is_whole(entry: bytes) -> bool:
    try:
        decompress_executable(entry)
    except Exception:  # noqa: BLE001 - of zlib or of zstd, whichever JAX found
        return False
    return True


def _drop_oldest(root: Path, limit: int) -> None:
    """Remove the least recently read files until the rest are within the limit.

    JAX's own limit (`jax_compilation_cache_max_size`) takes a lock for every look-up, and stores nothing any
    more once a process was killed while it wrote.
    """
    files = []
    for path in root.glob("*/*-cache"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            status = path.stat()
            files.append((status.st_atime, status.st_size, path))
    kept = 0
    for _, size, path in sorted(files, reverse=True):
        kept += size
        if kept > limit:
            path.unlink(missing_ok=True)
