"""What is done to keys and queries before they meet the memory."""

from collections.abc import Callable

import torch
from torch import Tensor

from fastweights.cells.programmers.options import ProgrammerOptions

_EPSILON = 1e-6


def dpfp(x: Tensor, order: int) -> Tensor:
    """φ(x) = concat_{j = 1 … ν} z ⊙ roll(z, j), z = [relu(x); relu(−x)]: 2 d ν features of d units."""
    z = torch.cat([torch.relu(x), torch.relu(-x)], dim=-1)
    return torch.cat([z * z.roll(j, -1) for j in range(1, order + 1)], dim=-1)


_MAPS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "elu": lambda x: torch.where(x > 0, x + 1, x.clamp(max=0).exp()),
    "relu": torch.relu,
    "silu": torch.nn.functional.silu,
    "softmax": lambda x: x.softmax(-1),
}

_NORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "l2": lambda x: x * torch.rsqrt((x * x).sum(-1, keepdim=True) + _EPSILON),
    "sum": lambda x: x / (x.sum(-1, keepdim=True) + _EPSILON),
}


def features(x: Tensor, options: ProgrammerOptions) -> Tensor:
    """The key or query that the memory meets: mapped, then normalised."""
    mapped = dpfp(x, options.dpfp_order) if options.key_map == "dpfp" else _MAPS[options.key_map](x)
    return _NORMS[options.key_norm](mapped)


def num_features(key_size: int, options: ProgrammerOptions) -> int:
    """How many `features` there are of so many units."""
    return key_size * (2 * options.dpfp_order if options.key_map == "dpfp" else 1)
