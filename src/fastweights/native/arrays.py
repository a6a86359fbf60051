"""Kernels called by way of C, as functions of arrays and whole numbers: `Array` and `Kernel` of arrays.h."""

import ctypes
from collections.abc import Callable, Sequence

SIZES = ctypes.POINTER(ctypes.c_int64)


class Array(ctypes.Structure):
    """An array's memory, the bytes of a number, and its sizes; the memory must outlive it."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_int64),
        ("rank", ctypes.c_int64),
        ("shape", SIZES),
    )

    @classmethod
    def of(cls, address: int | None, number_bytes: int, shape: Sequence[int]) -> "Array":
        """An array of numbers that stand one after the other."""
        return cls(
            address, number_bytes, len(shape), ctypes.cast((ctypes.c_int64 * len(shape))(*shape), SIZES)
        )


def function(library: ctypes.CDLL, name: str) -> Callable[[Sequence[Array], Sequence[int]], None]:
    """A function of kernels.cc, of the arrays that it reads, then those that it writes, and of numbers.

    ctypes lets other threads run meanwhile. Raises: RuntimeError if the kernel says that something is wrong.
    """
    found = getattr(library, name)
    found.restype = ctypes.c_char_p
    found.argtypes = [ctypes.POINTER(Array), SIZES]

    def call(arrays: Sequence[Array], numbers: Sequence[int]) -> None:
        wrong = found((Array * len(arrays))(*arrays), (ctypes.c_int64 * len(numbers))(*numbers))
        if wrong:
            raise RuntimeError(f"{name}: {wrong.decode()}")

    return call
