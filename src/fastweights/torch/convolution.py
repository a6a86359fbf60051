"""A short causal convolution over time: each unit is mixed with its own past."""

import torch
from torch import Tensor


def convolve(weights: Tensor, recent: Tensor, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """y(t) = Σ_j w_j x(t − j), and the last width − 1 inputs of each sequence, `recent` having those before.

    What stands behind a sequence's end must be numbers.

    Shapes: weights (channels, width), recent (N, width − 1, channels), x and y (N, time, channels).
    """
    past, time = recent.shape[1], x.shape[1]
    whole = torch.cat([recent, x], dim=1)  # x(t) is number past + t
    mixed = weights[:, 0] * x
    for j in range(1, past + 1):
        mixed = mixed + weights[:, j] * whole[:, past - j : past - j + time]
    if lengths is None:
        return mixed, whole[:, time:]
    kept = lengths[:, None] + torch.arange(past, device=x.device)
    return mixed, whole.take_along_dim(kept[..., None].long(), dim=1)
