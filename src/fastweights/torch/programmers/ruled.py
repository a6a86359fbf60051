"""Programmers whose write rule and decay are options: the published ones are sets of them."""

from typing import Any

import torch
from torch import Tensor, nn

from fastweights.cells.programmers.options import RuledOptions
from fastweights.cells.programmers.parts import Parts, least_rate, ruled_rows
from fastweights.torch.layers import uniform_
from fastweights.torch.memory.writes import Write
from fastweights.torch.programmers.cell import ProgrammerCell, in_heads
from fastweights.torch.programmers.decays import ExponentialDecay, SigmoidDecay, retention


class RuledProgrammerCell(ProgrammerCell):
    """S ← S Diag(a) + v kᵀ,  or  S ← S Diag(a) + β (v − S Diag(a) k) kᵀ;  h(t) = W_o (norm(S q) ⊙ gate)."""

    Options = RuledOptions

    def make(self, place: dict[str, Any]) -> None:
        super().make(place)
        options, gates = self.options, self.gates
        units, rank = options.heads * gates, options.decay_rank
        self.decay_expansion = nn.Parameter(torch.empty(units, rank, **place)) if units and rank else None
        self.decay = None
        if not gates:
            return
        if options.decay_map == "sigmoid":
            self.decay = SigmoidDecay(options.heads, gates, place, fan=rank or self.input_size)
        else:
            self.decay = ExponentialDecay(options.heads, gates, place, least_rate=least_rate(options))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        super().reset_parameters(generator)
        if self.decay_expansion is not None:
            uniform_(self.decay_expansion, self.options.decay_rank, generator)
        if self.decay is not None:
            self.decay.reset_parameters(generator)

    def memory_shape(self) -> tuple[int, int, int]:
        heads, values, units = super().memory_shape()
        return heads, values + self.options.read_norm, units

    @property
    def gates(self) -> int:
        """How many decays a head has of the input."""
        return {"scalar": 1, "vector": self.memory_shape()[2]}.get(self.options.decay, 0)

    def rows(self) -> Parts:
        return ruled_rows(self.options, self.key_size, self.value_size, self.gates)

    def vectors(self, mixed: Tensor) -> tuple[Tensor, Write]:
        options, parts = self.options, self.parts(mixed)
        heads, writes = options.heads, options.writes
        query = self.to_query(in_heads(parts.query, heads, self.key_size))
        key = self.to_key(in_heads(parts.key, writes, heads, self.key_size))
        value = self.to_value(in_heads(parts.value, writes, heads, self.value_size))
        if options.read_norm:
            value = nn.functional.pad(value, (0, 1), value=1.0)
        decay = self.kept(parts)
        if options.rule == "additive":
            return query, Write(key, value, decay)
        rate = options.max_write_rate * torch.sigmoid(in_heads(parts.write_rate, writes, heads, 1))
        # The write rule looks up what the memory has after the decay.
        return query, Write(rate * key, value, decay, key if decay is None else decay * key)

    def kept(self, parts: Parts) -> Tensor | None:
        """What is kept of the memory before each write: all of it before all but the first one of a step."""
        heads, writes, leading = self.options.heads, self.options.writes, parts.key.shape[:-1]
        if self.options.decay == "none":
            return None
        if self.decay is None:
            decay = retention(heads, parts.key)[:, None].expand(*leading, heads, 1)
        else:
            x = parts.decay if self.decay_expansion is None else parts.decay @ self.decay_expansion.T
            decay = self.decay(in_heads(x, heads, -1))
        ones = decay.new_ones(*leading, writes - 1, *decay.shape[-2:])
        return torch.cat([decay[..., None, :, :], ones], dim=-3)

    def answer(self, read: Tensor, mixed: Tensor) -> Tensor:
        if self.options.read_norm:
            read, total = read[..., :-1], read[..., -1:]
            read = read / torch.where(total == 0, 1, total)
        return super().answer(read, mixed)
