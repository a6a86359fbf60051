"""How much of a memory is kept at each step."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from fastweights.torch.layers import uniform_


def retention(heads: int, like: Tensor) -> Tensor:
    """1 − 2^(−5−h) for head h = 0, 1, …"""
    return like.new_tensor([1 - 2.0 ** (-5 - head) for head in range(heads)])


class ExponentialDecay(nn.Module):
    """a = exp(−exp(rate) Δ) of the step Δ = softplus(x + bias), for each head, or each unit of its keys.

    exp(rate) is drawn from U(`least_rate`, 16) for each head; the bias is such that Δ is log-uniform in
    [0.001, 0.1] where x is 0.

    Shapes: x, Δ and a (…, heads, gates), rate (heads,), bias (heads, gates).
    """

    def __init__(self, heads: int, gates: int, place: dict[str, Any], *, least_rate: float) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.empty(heads, **place))
        self.bias = nn.Parameter(torch.empty(heads, gates, **place))
        self.least_rate = least_rate

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the parameters anew."""
        with torch.no_grad():
            self.rate.uniform_(self.least_rate, 16.0, generator=generator).log_()
            step = self.bias.uniform_(math.log(0.001), math.log(0.1), generator=generator).exp()
            self.bias.copy_(step + torch.log(-torch.expm1(-step)))  # the inverse of softplus

    def step_sizes(self, x: Tensor) -> Tensor:
        """Δ."""
        x = x + self.bias
        return torch.logaddexp(x, torch.zeros_like(x))

    def forward(self, x: Tensor) -> Tensor:
        """a."""
        return torch.exp(-self.rate.exp()[:, None] * self.step_sizes(x))


class SigmoidDecay(nn.Module):
    """a = σ(x + bias)^(1/16); the bias is uniform in ± 1/√fan.

    Shapes: x and a (…, heads, gates), bias (heads, gates).
    """

    def __init__(self, heads: int, gates: int, place: dict[str, Any], *, fan: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(heads, gates, **place))
        self.fan = fan

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the parameters anew."""
        uniform_(self.bias, self.fan, generator)

    def forward(self, x: Tensor) -> Tensor:
        """a."""
        return torch.exp(nn.functional.logsigmoid(x + self.bias) / 16)
