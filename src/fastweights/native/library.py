"""The shared library of kernels: compiled and tried at first use, and kept in the user's cache folder.

One binary serves every framework; this module imports none. `xla.py` makes its functions known to JAX,
`fastweights.torch.kernels` calls them for PyTorch.
"""

import ctypes
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import filelock

from fastweights.errors import FileError
from fastweights.files import cache_folder, make_private, remove_leftovers, write_atomically
from fastweights.machine import processor

SWITCH = "FASTWEIGHTS_NATIVE"
"""The environment variable that turns the kernels off, by the value 0."""

_SOURCES = Path(__file__).parent / "kernels"
_FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-DNDEBUG", "-w")
_DIGEST_BYTES = 32
_V3 = {"avx2", "bmi2", "f16c", "fma", "movbe"}
_V4 = _V3 | {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}


def is_on() -> bool:
    """Whether kernels are to be used: not where they are turned off by FASTWEIGHTS_NATIVE=0."""
    return os.environ.get(SWITCH) != "0"


@functools.cache
def load() -> tuple[ctypes.CDLL, str] | None:
    """The library, and a hash of all that it is made of; None, with a warning, where it cannot be built, and
    None without a C++ compiler."""
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        return None
    flags = [*_FLAGS, *architecture()]
    try:
        version = _hash(compiler, flags)
        path = cache_folder() / "native" / f"kernels-{version}.so"
        if not _is_intact(path):
            _compile(compiler, flags, path)
        return ctypes.CDLL(str(path)), version
    except (OSError, RuntimeError, ImportError, subprocess.SubprocessError, FileError) as error:
        detail = getattr(error, "stderr", None) or str(error)  # RuntimeError, if there is no home
        _warn(f"the native kernels could not be built, so that training is slower: {detail.strip()[-500:]}")
        return None


def _is_intact(path: Path) -> bool:
    """Whether the library is there as `_compile` wrote it: loading a damaged one may end the process."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    return content[-_DIGEST_BYTES:] == _digest(content[:-_DIGEST_BYTES])


def _compile(compiler: str, flags: list[str], path: Path) -> None:
    """Write the library and its digest behind it; the first of several processes does it, the others wait."""
    make_private(path.parent)
    with filelock.FileLock(path.with_suffix(".lock")):
        if _is_intact(path):
            return
        if path.exists():
            _warn(f"the native kernels in {path} are damaged, and are built anew")
        # Whoever holds the lock is alone: what is there was left by a process that was killed.
        remove_leftovers(path)
        for folder in path.parent.glob(f"{path.stem}-*"):
            shutil.rmtree(folder)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.stem}-") as folder:
            library = Path(folder) / path.name
            files = [
                f"-I{_SOURCES}",
                f"-I{_xla_headers()}",
                *map(str, sorted(_SOURCES.glob("*.cc"))),
                "-o",
                str(library),
            ]
            _run([*shlex.split(compiler), *flags, *files], seconds=300)
            _try(library)
            content = library.read_bytes()
        write_atomically(path, content + _digest(content))


def _run(command: list[str], seconds: float, **options: Any) -> None:
    """Run a program to its end; not longer than that, nor does any program that it has started.

    Raises: CalledProcessError, with what it has said; TimeoutExpired.
    """
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        **options,
    ) as process:
        try:
            _, errors = process.communicate(timeout=seconds)
        except BaseException:  # an interrupt, too, does not reach a session of its own
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)


def _try(library: Path) -> None:
    """Refuse a library whose kernels are wrong. Raises: RuntimeError with what is wrong."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        _run([sys.executable, "-m", "fastweights.native.trial", str(library)], seconds=60, env=environment)
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip() or f"their trial ended with {error.returncode}"
        raise RuntimeError(f"the compiler has made wrong ones: {said}") from error


def _xla_headers() -> Path:
    """The folder that `jax.ffi.include_dir()` names, without importing JAX."""
    found = importlib.util.find_spec("jaxlib")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("jaxlib, whose headers they need, is not installed")
    return Path(found.submodule_search_locations[0]) / "include"


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=3)


def architecture() -> list[str]:
    """Compiler flags for this processor's vector instructions; a home folder may serve several machines."""
    if platform.machine() != "x86_64":
        return []
    features = set(processor().get("flags", "").split())
    if features >= _V4:
        return ["-march=x86-64-v4", "-mprefer-vector-width=512"]
    return ["-march=x86-64-v3"] if features >= _V3 else []


def _hash(compiler: str, flags: list[str]) -> str:
    texts = [path.read_bytes() for path in sorted(_SOURCES.rglob("*.[ch]*"))]
    texts += [compiler.encode(), *map(str.encode, flags), importlib.metadata.version("jaxlib").encode()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
