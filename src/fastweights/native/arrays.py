"""Kernels called by way of C, as functions of arrays and whole numbers: `Array` and `Kernel` of arrays.h."""

import ctypes
from collections.abc import Callable, Sequence
from typing import NamedTuple

_FIELDS = 4  # of `Array` in arrays.h, each of 8 bytes: address, bytes of a number, axes, address of the shape
_WORD = 8


class Array(NamedTuple):
    """An array of numbers that stand one after the other; the memory must outlive it."""

    address: int | None
    number_bytes: int
    shape: Sequence[int]


def function(library: ctypes.CDLL, name: str) -> Callable[[Sequence[Array], Sequence[int]], None]:
    """A function of kernels.cc, of the arrays that it reads, then those that it writes, and of numbers.

    ctypes lets other threads run meanwhile. Raises: RuntimeError if the kernel says that something is wrong.
    """
    found = getattr(library, name)
    found.restype = ctypes.c_char_p
    found.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

    def call(arrays: Sequence[Array], numbers: Sequence[int]) -> None:
        # One piece of memory: descriptions, the shapes that they point to, numbers. To make a structure for
        # each array takes as long as the gradient of a small network.
        first = _FIELDS * len(arrays)
        size = first + sum(len(array.shape) for array in arrays) + len(numbers)
        words = (ctypes.c_int64 * size)()
        start = ctypes.addressof(words)
        described, shapes = [], []
        for address, number_bytes, shape in arrays:
            described += (address or 0, number_bytes, len(shape), start + _WORD * (first + len(shapes)))
            shapes += shape
        words[:] = [*described, *shapes, *numbers]
        wrong = found(start, start + _WORD * (first + len(shapes)))
        if wrong:
            raise RuntimeError(f"{name}: {wrong.decode()}")

    return call
