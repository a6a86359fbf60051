"""What JAX compiles, kept for the processes that come after."""

import contextlib
import hashlib
import multiprocessing
import os
import platform
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import jax
from jax._src.compilation_cache import decompress_executable
from jaxlib.version import __version__ as jaxlib_version

from fastweights.errors import InvalidValueError
from fastweights.files import cache_folder, make_private
from fastweights.machine import processor

LIMIT = 128 * 2**20
"""Bytes that the kept programs may take; a shape takes about half a million."""


def keep_compiled() -> None:
    """Keep what JAX compiles in the user's cache folder, where later processes find it.

    The folder is `fastweights/compiled` in `$XDG_CACHE_HOME` or `~/.cache`. The programs used longest ago
    go when they are more than 128 MiB. Nothing changes if the folder cannot be used, or where JAX has been
    told otherwise: a folder by `JAX_COMPILATION_CACHE_DIR`, none by `JAX_ENABLE_COMPILATION_CACHE=0`.
    """
    config: Any = jax.config
    if config.jax_compilation_cache_dir or not config.jax_enable_compilation_cache:
        return
    try:
        root = cache_folder() / "compiled"
        folder = root / f"jaxlib-{jaxlib_version}-{_processor()}"
        make_private(folder)
        _drop_damaged(folder)
        _drop_oldest(root, LIMIT)
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

    Raises: InvalidValueError as `check_platform` does.
    """
    if getattr(jax.config, "jax_platforms", None):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
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
    """Remove the files read longest ago until the rest are within the limit.

    JAX's own limit (`jax_compilation_cache_max_size`) takes a lock for every look-up, and after a process
    was killed while it wrote, it keeps nothing any more.
    """
    files = []
    for path in root.glob("*/*-cache"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            about = path.stat()
            files.append((about.st_atime, about.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            break
        path.unlink(missing_ok=True)
        total -= size
