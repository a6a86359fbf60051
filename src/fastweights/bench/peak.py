"""What the core can do at most: the best rate of a float32 matrix product in one thread."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from fastweights.bench.process import PinnedProcess

_SIZES = (256, 512, 768, 1024)
_LIBRARIES = ("numpy", "jax", "torch")


def measured_peaks(core: int) -> dict[str, float]:
    """GFLOP/s by library, each in a process of its own on that core; the best of four sizes."""
    peaks = {}
    for library in _LIBRARIES:
        if find_spec(library):
            with PinnedProcess(core) as process:
                peaks[library] = max(process.call(product_rate, library, size) for size in _SIZES)
    return peaks


def product_rate(library: str, size: int, seconds: float = 0.25) -> float:
    """GFLOP/s of a square product; the best of many, for what slows one down is not the product."""
    multiply = _product(library, np.random.default_rng(0).standard_normal((size, size), np.float32))
    multiply()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        multiply()
        best = min(best, time.perf_counter() - began)
    return 2e-9 * size**3 / best


def _product(library: str, array: np.ndarray) -> Callable[[], Any]:
    if library == "jax":
        import jax

        from fastweights.runs.worker import use_one_thread

        use_one_thread()
        on_device, dot = jax.numpy.asarray(array), jax.jit(jax.numpy.matmul)
        return lambda: dot(on_device, on_device).block_until_ready()
    if library == "torch":
        import torch  # pyright: ignore[reportMissingImports]

        torch.set_num_threads(1)
        tensor = torch.from_numpy(array)
        return lambda: tensor @ tensor
    return lambda: array @ array
