"""Kernels of the library called with tensors; as in XLA, given arrays come before those that are written."""

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from fastweights.native import library
from fastweights.native.arrays import Array, function


@torch.compiler.assume_constant_result
def available() -> bool:
    """Whether there are kernels: not without a C++ compiler, nor with FASTWEIGHTS_NATIVE=0."""
    return library.is_on() and library.load() is not None


def runs(*tensors: Tensor | None) -> bool:
    """Whether kernels can take these tensors: on a CPU, of one type, float32 or float64.

    Not within `torch.func.grad`, `vmap` and the like, which take no operator with a derivative of its own.
    """
    given = [tensor for tensor in tensors if tensor is not None]
    dtype = given[0].dtype
    return (
        dtype in (torch.float32, torch.float64)
        and all(tensor.device.type == "cpu" and tensor.dtype == dtype for tensor in given)
        and (torch.compiler.is_compiling() or not torch._C._are_functorch_transforms_active())
        and available()
    )


def is_traced(*tensors: Tensor | None) -> bool:
    """Whether someone watches, who sees operators only: a compiler, a tracer, tensors without numbers.

    Where nobody does, to call a kernel without the operator around it saves some hundred microseconds.
    """
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack() > 0
        or any(type(tensor) not in _PLAIN for tensor in tensors)
    )


_PLAIN = (Tensor, torch.nn.Parameter, type(None))


def call(name: str, given: Sequence[Tensor], written: Sequence[Tensor], numbers: Sequence[int]) -> None:
    """Run a function of kernels.cc. ctypes lets other threads run meanwhile.

    Raises: RuntimeError if the kernel says that something is wrong.
    """
    # Copies of what is not contiguous must live until the kernel has run.
    tensors = [tensor.contiguous() for tensor in given]
    tensors += written
    _function(name)([Array(a.data_ptr(), a.element_size(), a.shape) for a in tensors], numbers)


@functools.cache
def _function(name: str) -> Callable:
    found = library.load()
    if found is None:
        raise RuntimeError("there are no native kernels here")
    return function(found[0], name)


def refuse_second(*_):
    """The derivative of an operator that is a derivative already."""
    raise RuntimeError(
        "kernels have no second derivative: with FASTWEIGHTS_NATIVE=0 in the environment, "
        "modules compute without them, with every derivative"
    )
