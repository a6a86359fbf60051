"""What several cells share: layer normalisation, and weights before training."""

import torch
from torch import Tensor, nn


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    """LN[x] = gain · (x − μ) / √(σ² + 10⁻⁵) + bias, with μ and σ² over the last axis."""
    return nn.functional.layer_norm(x, x.shape[-1:], gain, bias, 1e-5)


def uniform_(tensor: Tensor, fan: int, generator: torch.Generator | None, scale: float = 1.0) -> None:
    """Draw a tensor uniformly from ± scale / √fan."""
    bound = scale / fan**0.5
    with torch.no_grad():
        tensor.uniform_(-bound, bound, generator=generator)


def identity_(matrix: Tensor, scale: float) -> None:
    """Set a square matrix to scale · I."""
    with torch.no_grad():
        matrix.zero_().diagonal().fill_(scale)


def fill_(tensor: Tensor, value: float | Tensor) -> None:
    """Set a tensor to a number, or to the numbers of another."""
    with torch.no_grad():
        tensor.copy_(torch.as_tensor(value))
