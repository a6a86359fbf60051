"""The shared library of kernels: compiled at first use, and kept in the user's cache folder."""

import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import filelock
import jax
import jax.ffi

from fastweights.errors import FileError
from fastweights.files import cache_folder, make_private, remove_leftovers, write_atomically
from fastweights.machine import processor

SWITCH = "FASTWEIGHTS_NATIVE"
"""The environment variable that turns the kernels off, by the value 0."""

_SOURCES = Path(__file__).parent
_FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-DNDEBUG", "-w")
_DIGEST_BYTES = 32
_V3 = {"avx2", "bmi2", "f16c", "fma", "movbe"}
_V4 = _V3 | {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}


def available() -> bool:
    """Whether there are kernels: not without a C++ compiler, nor on another accelerator than the CPU, nor
    where they are turned off by FASTWEIGHTS_NATIVE=0."""
    return os.environ.get(SWITCH) != "0" and jax.default_backend() == "cpu" and _library() is not None


@functools.cache
def target(function: str) -> str:
    """The name under which XLA knows a function of kernels.cc. It holds a hash of the sources, so that a
    cached program never meets another kernel.

    Raises: RuntimeError where there are no kernels.
    """
    library = _library()
    if library is None:
        raise RuntimeError("there are no native kernels here")
    loaded, version = library
    name = f"fastweights_{function}_{version}"
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(loaded, function)), platform="cpu")
    return name


def describe() -> str:
    """Which form of the cells runs here, for records: `native x86-64-v3`, or `jax`."""
    if not available():
        return "jax"
    return " ".join(["native", *_architecture()[:1]]).replace("-march=", "")


@functools.cache
def _library() -> tuple[ctypes.CDLL, str] | None:
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        return None
    flags = [*_FLAGS, *_architecture()]
    version = _hash(compiler, flags)
    try:
        path = cache_folder() / "native" / f"kernels-{version}.so"
        if not _is_intact(path):
            _compile(compiler, flags, path)
        return ctypes.CDLL(str(path)), version
    except (OSError, RuntimeError, subprocess.SubprocessError, FileError) as error:
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
            files = [f"-I{jax.ffi.include_dir()}", str(_SOURCES / "kernels.cc"), "-o", str(library)]
            command = [*shlex.split(compiler), *flags, *files]
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
            content = library.read_bytes()
        write_atomically(path, content + _digest(content))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=3)


def _architecture() -> list[str]:
    """Compiler flags for this processor's vector instructions; a home folder may serve several machines."""
    if platform.machine() != "x86_64":
        return []
    features = set(processor().get("flags", "").split())
    if features >= _V4:
        return ["-march=x86-64-v4", "-mprefer-vector-width=512"]
    return ["-march=x86-64-v3"] if features >= _V3 else []


def _hash(compiler: str, flags: list[str]) -> str:
    texts = [path.read_bytes() for path in sorted(_SOURCES.glob("*.[ch]*"))]
    texts += [compiler.encode(), *map(str.encode, flags), jax.__version__.encode()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
