"""What users may have wrong: one error each, as PyTorch words them; and what autocast may have changed."""

import contextlib
import dataclasses
from typing import Any

import torch
from torch import Tensor

from fastweights.errors import shown, suggestion


def check_sizes(input_size: int, hidden_size: int, multiple: int = 1) -> None:
    """Raise TypeError or ValueError unless both sizes are at least 1, and hidden_size is such a multiple."""
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not isinstance(size, int) or isinstance(size, bool):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size < 1:
            raise ValueError(f"{name} must be greater than zero; got {size}")
    if hidden_size % multiple:
        raise ValueError(f"hidden_size must be a multiple of {multiple}; got {hidden_size}")


def make_options(name: str, kind: type, options: dict[str, Any]) -> Any:
    """The options that a constructor was given, as the dataclass that JAX has them in.

    Raises: TypeError for one that there is not; InvalidValueError, a ValueError, for one out of range.
    """
    known = [field.name for field in dataclasses.fields(kind)]
    for option in options:
        if option not in known:
            raise TypeError(
                f"{name}.__init__() got an unexpected keyword argument {option!r}{suggestion(option, known)}"
            )
    return kind(**options)


def described(cell: Any) -> str:
    """Sizes, and the options that are not at their defaults, as for `extra_repr`."""
    usual = type(cell.options)()
    changed = [
        f"{field.name}={getattr(cell.options, field.name)!r}"
        for field in dataclasses.fields(usual)
        if getattr(cell.options, field.name) != getattr(usual, field.name)
    ]
    return ", ".join([str(cell.input_size), str(cell.hidden_size), *changed])


def without_autocast(input: Tensor) -> contextlib.AbstractContextManager:
    """Within it, everything is computed in the type of the weights: a recurrence adds up its rounding."""
    kind = input.device.type
    return (
        torch.autocast(kind, enabled=False) if torch.is_autocast_enabled(kind) else contextlib.nullcontext()
    )


def as_weights(name: str, input: Tensor, input_size: int, weight: Tensor) -> Tensor:
    """The input, in the type of the weights if autocast may have changed it.

    Raises: RuntimeError for another size or device, ValueError for another type.
    """
    if input.shape[-1] != input_size:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {input_size}, got {input.shape[-1]}"
        )
    check_device(name, "input", input, weight)
    if input.dtype == weight.dtype:
        return input
    if input.is_floating_point() and torch.is_autocast_enabled(input.device.type):
        return input.to(weight.dtype)
    raise ValueError(
        f"{name} input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
        f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
    )


def check_device(name: str, what: str, tensor: Tensor, weight: Tensor) -> None:
    """Raise RuntimeError unless the tensor is where the weights are."""
    if tensor.device != weight.device:
        raise RuntimeError(
            f"{name}: {what} and parameter tensors are not at the same device, "
            f"found {what} tensor at {tensor.device} and parameter tensor at {weight.device}"
        )


def check_state(
    name: str, state: Any, kind: Any, shapes: Any, leading: tuple[int, ...], weight: Tensor
) -> None:
    """Raise TypeError, RuntimeError or ValueError unless the state is one of this kind, with these axes
    before the shapes of one sequence's."""
    if not isinstance(state, kind):
        fields = ", ".join(kind._fields)
        raise TypeError(f"{name}: hx must be a {kind.__name__}({fields}); got {type(state).__name__}")
    for field, array, shape in zip(kind._fields, state, shapes, strict=True):
        if shape is None:
            if array is not None:
                raise ValueError(f"{name}: hx.{field} must be None")
            continue
        if not isinstance(array, Tensor):
            raise TypeError(f"{name}: hx.{field} must be a tensor; got {shown(array)}")
        expected = (*leading, *shape)
        if array.shape != expected:
            raise RuntimeError(f"Expected hx.{field} size {expected}, got {list(array.shape)}")
        check_device(name, f"hx.{field}", array, weight)
        if array.dtype != weight.dtype:
            raise ValueError(
                f"{name} hx.{field} dtype ({array.dtype}) does not match weight dtype ({weight.dtype})"
            )
