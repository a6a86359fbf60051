"""The kernels as XLA's custom calls, for JAX."""

import functools

import jax
import jax.ffi

from fastweights.native import library


def available() -> bool:
    """Whether there are kernels: not without a C++ compiler, nor on another accelerator than the CPU, nor
    where they are turned off by FASTWEIGHTS_NATIVE=0."""
    return library.is_on() and jax.default_backend() == "cpu" and library.load() is not None


@functools.cache
def target(function: str) -> str:
    """The name under which XLA knows a function of kernels.cc. It holds a hash of the sources, so that a
    cached program never meets another kernel.

    Raises: RuntimeError where there are no kernels.
    """
    found = library.load()
    if found is None:
        raise RuntimeError("there are no native kernels here")
    loaded, version = found
    name = f"fastweights_{function}_{version}"
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(loaded, f"Xla{function}")), platform="cpu")
    return name


def describe() -> str:
    """Which form of the cells runs here, for records: `native x86-64-v3`, or `jax`."""
    if not available():
        return "jax"
    return " ".join(["native", *library.architecture()[:1]]).replace("-march=", "")
