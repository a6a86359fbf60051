"""States: named tuples of tensors, None where a cell goes without; and sequences that end early."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor


class HiddenState(NamedTuple):
    """The state of a cell that is its output, (hidden,)."""

    hidden: Tensor


def map_state(function: Callable[..., Tensor], *states: Any) -> Any:
    """The state whose arrays are the function of those of some states."""
    arrays = zip(*states, strict=True)
    return type(states[0])(*(None if each[0] is None else function(*each) for each in arrays))


def chosen(condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """Of each sequence (the first axis) one or the other; no number of the other one counts."""
    return torch.where(condition.view(-1, *[1] * (yes.dim() - 1)), yes, no)


def running(lengths: Tensor, time: int) -> Tensor:
    """Which steps there are, (N, time)."""
    return torch.arange(time, device=lengths.device) < lengths[:, None]


def reversed_within(sequences: Tensor, lengths: Tensor | None) -> Tensor:
    """Each sequence (N, time, …) from its end to its beginning; what stands behind the end stays there."""
    if lengths is None:
        return sequences.flip(1)
    time = torch.arange(sequences.shape[1], device=sequences.device)
    places = torch.where(time < lengths[:, None], lengths[:, None] - 1 - time, time)
    return sequences.take_along_dim(places[..., None], dim=1)
