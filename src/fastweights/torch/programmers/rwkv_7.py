"""RWKV-7: a delta rule that takes away under one key, of each unit a share, and writes under another."""

from typing import Any

import torch
from torch import Tensor, nn

from fastweights.cells.programmers.parts import Parts, gated_rows
from fastweights.cells.programmers.published import RWKV7Options
from fastweights.torch.layers import fill_
from fastweights.torch.memory.writes import Write
from fastweights.torch.programmers.cell import EPSILON, ProgrammerCell, in_heads
from fastweights.torch.recurrent import Recurrent


class RWKV7Cell(ProgrammerCell):
    """One step of `RWKV7`."""

    Options = RWKV7Options

    decay_bias: nn.Parameter
    rate_bias: nn.Parameter
    removal: nn.Parameter
    replacement: nn.Parameter
    bonus: nn.Parameter

    def make(self, place: dict[str, Any]) -> None:
        super().make(place)
        heads, _, units = self.memory_shape()
        rank = self.options.rank
        self.decay_expansion = nn.Parameter(torch.empty(heads * units, rank, **place))
        self.rate_expansion = nn.Parameter(torch.empty(heads * units, rank, **place))
        for name in ("decay_bias", "rate_bias", "removal", "replacement", "bonus"):
            setattr(self, name, nn.Parameter(torch.empty(heads, units, **place)))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        super().reset_parameters(generator)
        heads, _, units = self.memory_shape()
        query, keyed, value, *others = self.rows()
        scales = torch.tensor([0.5] * query + [0.05] * keyed + [0.5] * value + [0.0] * sum(others))
        with torch.no_grad():
            self.input.mul_(scales.to(self.input)[:, None])
        for tensor in (self.decay_expansion, self.rate_expansion, self.gate_expansion):
            if tensor is not None:
                # A tenth of orthogonal columns, longer ones if the rank is above the units.
                size, rank = tensor.shape
                nn.init.orthogonal_(tensor, 0.1 * max(1, rank / size) ** 0.5, generator=generator)
        number = torch.arange(heads * units, dtype=torch.float64).view(heads, units)
        middle = (units - 1) / 2
        place = (number % units - middle) / max(middle, 1)
        share, place = number / max(1, heads * units - 1), place * place.abs()
        fill_(self.decay_bias, -6 + 6 * share + 0.5 + 2.5 * place)
        fill_(self.rate_bias, -0.19 + 0.3 * place + 0.4 * (share - 0.5))
        fill_(self.removal, 0.71 - 0.1 * (share - 0.5))
        fill_(self.replacement, 1.02)
        fill_(self.bonus, -0.04)

    @property
    def epsilon(self) -> float:
        return EPSILON * self.value_size

    def rows(self) -> Parts:
        return gated_rows(self.options, self.key_size, self.value_size, self.options.rank)

    def vectors(self, mixed: Tensor) -> tuple[Tensor, Write]:
        parts, rate = self.cut(mixed)
        key = self.to_key(self.each(parts.key, self.key_size))
        removal = self.removal * key
        # The largest of the two, as the square: the root of 0 has no derivative.
        removal = removal * torch.rsqrt((removal * removal).sum(-1, keepdim=True).clamp(min=1e-24))
        decay = in_heads(torch.tanh(parts.decay) @ self.decay_expansion.T, *key.shape[-2:]) + self.decay_bias
        decay = torch.exp(-0.6065306597126334 * torch.sigmoid(decay))  # e^{−1/2}
        write = Write(self.key(parts, rate), self.value(parts), decay, removal, rate * removal)
        return self.query(parts), write.map(lambda array: array[:, :, None])

    def cut(self, mixed: Tensor) -> tuple[Parts, Tensor]:
        """The parts of the projections, and a."""
        parts = self.parts(mixed)
        rate = in_heads(parts.write_rate @ self.rate_expansion.T, *self.rate_bias.shape) + self.rate_bias
        return parts, torch.sigmoid(rate)

    def each(self, x: Tensor, size: int) -> Tensor:
        """The vectors of the heads."""
        return in_heads(x, self.options.heads, size)

    def query(self, parts: Parts) -> Tensor:
        """r."""
        return self.to_query(self.each(parts.query, self.key_size))

    def key(self, parts: Parts, rate: Tensor) -> Tensor:
        """k̃."""
        return self.to_key(self.each(parts.key, self.key_size)) * (1 + (rate - 1) * self.replacement)

    def value(self, parts: Parts) -> Tensor:
        """v."""
        return self.to_value(self.each(parts.value, self.value_size))

    def answer(self, read: Tensor, mixed: Tensor) -> Tensor:
        parts, rate = self.cut(mixed)
        now = (self.query(parts) * self.bonus * self.key(parts, rate)).sum(-1, keepdim=True)
        read = self.normed(read) + now * self.value(parts)
        return self.gated(read, parts).flatten(-2) @ self.output.T

    def gated(self, read: Tensor, parts: Parts) -> Tensor:
        """As in other programmers, but that the gate's function comes before its expansion."""
        if self.options.output_gate == "none":
            return read
        gate = self.gate(parts.output_gate)
        gate = gate if self.gate_expansion is None else gate @ self.gate_expansion.T
        return read * gate.reshape(read.shape)


class RWKV7(Recurrent):
    """S(t) = S(t−1) Diag(w) − (S(t−1) κ̂) (a ⊙ κ̂)ᵀ + v k̃ᵀ,  y(t) = LN(S(t) r) + (rᵀ (ρ ⊙ k̃)) v,
    w = exp(−e^{−1/2} σ(w₀ + W₂ tanh(W₁ x))),  a = σ(a₀ + A₂ A₁ x),  κ̂ = ξ ⊙ k / ‖ξ ⊙ k‖,
    k̃ = k ⊙ (1 + (a − 1) ⊙ α),  h(t) = W_o (y ⊙ G₂ σ(G₁ x));  r, k, v = W x.

    The core of the time mixing; initial values as in the reference implementation's first layer. hx is
    `ProgrammerState(memory, recent)`.

    Source: Peng et al. 2025, arXiv:2503.14456, equations 3–26; initial values: BlinkDL/RWKV-LM.
    """

    cell_class = RWKV7Cell
