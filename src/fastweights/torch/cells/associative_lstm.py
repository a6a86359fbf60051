"""The associative LSTM: gates around a holographic memory."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.options.associative_lstm import AssociativeLSTMOptions
from fastweights.cells.permutations import permutations
from fastweights.native.sizes import LONGEST_TAPE, associative_tape_size, bits
from fastweights.torch.cell import Cell
from fastweights.torch.kernels import Kernel
from fastweights.torch.layers import fill_, uniform_
from fastweights.torch.recurrent import Recurrent


class AssociativeLSTMState(NamedTuple):
    """The copies of the memory (copies, 2, hidden/2), real parts first, and the output (hidden,)."""

    memory: Tensor
    hidden: Tensor


class AssociativeLSTMCell(Cell):
    """One step of `AssociativeLSTM`."""

    Options = AssociativeLSTMOptions
    State = AssociativeLSTMState
    size_multiple = 2

    permutations: Tensor

    def make(self, place: dict[str, Any]) -> None:
        self._answer_weight = 1 / self.options.heads if self.options.combine_heads == "mean" else 1.0
        self._answer_bits = bits(self._answer_weight)
        rows, units = sum(self._blocks), self.hidden_size
        self.recurrent = nn.Parameter(torch.empty(rows, units, **place))
        self.input = nn.Parameter(torch.empty(rows, self.input_size, **place))
        self.bias = nn.Parameter(torch.empty(rows, **place))
        # Whoever knows the sizes knows them: they are not saved.
        orders = torch.tensor(permutations(units // 2, self.options.copies), device=place["device"])
        self.register_buffer("permutations", orders, persistent=False)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.recurrent, self.hidden_size, generator)
        uniform_(self.input, self.hidden_size, generator, self.options.input_scale)
        fill_(self.bias, 0.0)
        fill_(self.bias[: self.hidden_size // 2], self.options.forget_bias)

    @property
    def _blocks(self) -> list[int]:
        """The rows of f, i, o, u, k, q, those of all heads together."""
        half, heads = self.hidden_size // 2, self.options.heads
        return [half, *(heads * size for size in (half, half, 2 * half, 2 * half, 2 * half))]

    def state_shapes(self) -> AssociativeLSTMState:
        half = self.hidden_size // 2
        return AssociativeLSTMState((self.options.copies, 2, half), (2 * half,))  # pyright: ignore

    def project(self, input: Tensor) -> Tensor:
        return nn.functional.linear(input, self.input, self.bias)

    def step(self, state: AssociativeLSTMState, projection: Tensor) -> tuple[AssociativeLSTMState, Tensor]:
        summed = torch.addmm(projection, state.hidden, self.recurrent.T)
        forget_gate, *of_heads = summed.split(self._blocks, dim=1)
        i, o, u, k, q = (block.view(len(block), self.options.heads, -1) for block in of_heads)
        memory = torch.sigmoid(forget_gate)[:, None, None] * state.memory
        values = _gated(i, _bound(u))
        memory = memory + _product(self._permuted(_bound(k)), _parts(values)[:, :, None]).sum(1)
        answers = _product(self._permuted(_bound(q)), memory[:, None]).mean(2).flatten(2)
        hidden = self._answer_weight * _gated(o, _bound(answers)).sum(1)
        return AssociativeLSTMState(memory, hidden), hidden

    def _permuted(self, key: Tensor) -> Tensor:
        """(N, heads, copies, 2, hidden/2)."""
        return _parts(key)[..., self.permutations.long()].transpose(-3, -2)

    def kernel(self, length: int) -> Kernel | None:
        if length > LONGEST_TAPE:
            return None
        half, copies, heads = self.hidden_size // 2, self.options.copies, self.options.heads
        size = associative_tape_size(length, len(self.recurrent), heads, copies, half)
        numbers, constants = [self._answer_bits], [self.permutations]
        return Kernel("Associate", [self.recurrent], 2 * (copies + 1) * half, size, numbers, constants)


def _parts(z: Tensor) -> Tensor:
    """Real and imaginary parts, (…, 2, half)."""
    return z.view(*z.shape[:-1], 2, -1)


def _product(a: Tensor, b: Tensor) -> Tensor:
    """The complex product, unit by unit."""
    (p, q), (r, s) = a.unbind(-2), b.unbind(-2)
    return torch.stack([p * r - q * s, p * s + q * r], dim=-2)


def _bound(z: Tensor) -> Tensor:
    """z / max(1, |z|) for each complex number."""
    real, imaginary = z.chunk(2, dim=-1)
    # Of the square, not of the modulus, whose slope at 0 is infinite.
    scale = torch.rsqrt((real * real + imaginary * imaginary).clamp(min=1))
    return torch.cat([real * scale, imaginary * scale], dim=-1)


def _gated(gate: Tensor, z: Tensor) -> Tensor:
    """σ(gate) z, the same for real and imaginary parts."""
    return torch.sigmoid(gate).repeat(1, 1, 2) * z


class AssociativeLSTM(Recurrent):
    """[f; i^n; o^n; u^n; k^n; q^n] = W h(t−1) + V x(t) + b, for each head n = 1 … N,
    c_s(t) = σ(f) c_s(t−1) + Σ_n (P_s bound[k^n]) ⊛ (σ(i^n) bound[u^n]),  for each copy s = 1 … C,
    h(t) = w Σ_n σ(o^n) bound[1/C Σ_s (P_s bound[q^n]) ⊛ c_s(t)],  w = 1, or 1/N for their mean.

    The R numbers of a state are R/2 complex ones, real parts first; ⊛ multiplies them unit by unit, bound[z]
    = z / max(1, |z|), and P_s are fixed permutations. W and V are uniform in ± 1/√R; b = 0 except the forget
    gate's. hidden_size is even. hx is `AssociativeLSTMState(memory, hidden)`.

    Source: Danihelka, Wayne, Uria, Kalchbrenner & Graves 2016, arXiv:1602.03032, with heads as in Ba et al.
    2016.
    """

    cell_class = AssociativeLSTMCell
