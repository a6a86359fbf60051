"""Mamba-2: a memory whose decay and write rate are one step size."""

from typing import Any

import torch
from torch import Tensor, nn

from fastweights.cells.programmers.parts import Parts
from fastweights.cells.programmers.published import Mamba2Options
from fastweights.torch.layers import fill_, uniform_
from fastweights.torch.memory.writes import Write
from fastweights.torch.programmers.cell import EPSILON, ProgrammerCell, in_heads
from fastweights.torch.programmers.decays import ExponentialDecay
from fastweights.torch.recurrent import Recurrent


class Mamba2Cell(ProgrammerCell):
    """One step of `Mamba2`."""

    Options = Mamba2Options

    def make(self, place: dict[str, Any]) -> None:
        super().make(place)
        heads, width = self.options.heads, self.options.convolution
        channels = sum(self.rows()[:3])
        self.convolution_bias = nn.Parameter(torch.empty(channels, **place)) if width else None
        self.decay = ExponentialDecay(heads, 1, place, least_rate=1.0)
        self.skip = nn.Parameter(torch.empty(heads, **place))
        if self.gain is not None:
            self.gain = nn.Parameter(torch.empty(heads * self.value_size, **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        super().reset_parameters(generator)
        if self.convolution_bias is not None:
            uniform_(self.convolution_bias, self.options.convolution, generator)
        self.decay.reset_parameters(generator)
        fill_(self.skip, 1.0)

    def rows(self) -> Parts:
        heads, values = self.options.heads, self.options.heads * self.value_size
        gates = (self.options.output_gate_rank or values) * (self.options.output_gate != "none")
        return Parts(self.key_size, self.key_size, values, write_rate=0, decay=heads, output_gate=gates)

    def mixed(self, projections: Tensor, state: Any, lengths: Tensor | None) -> tuple[Tensor, Any]:
        mixed, state = super().mixed(projections, state, lengths)
        if self.convolution_bias is None:
            return mixed, state
        rest = mixed.shape[-1] - len(self.convolution_bias)
        return mixed + nn.functional.pad(self.convolution_bias, (0, rest)), state

    def vectors(self, mixed: Tensor) -> tuple[Tensor, Write]:
        heads, _, units = self.memory_shape()
        parts = self.parts(mixed)
        query, key = (
            shared[..., None, :].expand(*shared.shape[:-1], heads, units)
            for shared in (self.to_query(parts.query), self.to_key(parts.key))
        )
        x = parts.decay[..., None]
        write = Write(key, self.decay.step_sizes(x) * self.values(parts), self.decay(x))
        return query, write.map(lambda array: array[:, :, None])

    def values(self, parts: Parts) -> Tensor:
        """x."""
        return self.to_value(in_heads(parts.value, self.options.heads, self.value_size))

    def answer(self, read: Tensor, mixed: Tensor) -> Tensor:
        parts = self.parts(mixed)
        y = self.gated(read + self.skip[:, None] * self.values(parts), parts).flatten(-2)
        if self.gain is not None:
            y = self.gain * y * torch.rsqrt((y * y).mean(-1, keepdim=True) + EPSILON)
        return y @ self.output.T


class Mamba2(Recurrent):
    """S(t) = exp(−exp(A) Δ) S(t−1) + Δ x Bᵀ,  y(t) = S(t) C + D x,  Δ = softplus(w_Δ u + b),
    x, B, C = silu(conv(W u)),  h(t) = W_o rms(y ⊙ silu(W_z u)), of the input u(t).

    B and C are shared by the heads; the norm is over the values of all heads. exp(A) is drawn from U(1, 16),
    Δ at 0 log-uniformly from [0.001, 0.1]; D is 1; other parameters are uniform in ± 1/√inputs. hx is
    `ProgrammerState(memory, recent)`.

    Source: Dao & Gu 2024, arXiv:2405.21060, sections 2.1 and 7.
    """

    cell_class = Mamba2Cell
