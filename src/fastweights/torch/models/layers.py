"""What stands before, between and after the cells of a model."""

from typing import Any

import torch
from torch import Tensor, nn

from fastweights.options import ClassifierOptions, Norm
from fastweights.torch.cell import Cell
from fastweights.torch.layers import fill_, uniform_

_SMALL_SIZE = 50


class Embedding(nn.Module):
    """A vector for each symbol: a column of `table`, or of `expansion @ table`; one-hot without a table.

    Shapes: table (size, symbols), expansion (expanded, size).
    Source: Ba et al. 2016, footnote 2.
    """

    def __init__(
        self, size: int, num_symbols: int, options: ClassifierOptions, place: dict[str, Any]
    ) -> None:
        super().__init__()
        self.options, self.num_symbols = options, num_symbols
        self.table = self.expansion = None
        if options.embedding == "one-hot":
            if size != num_symbols:
                raise ValueError(f"one-hot symbols need a cell of input_size {num_symbols}; got {size}")
            return
        if options.embedding == "expanded":
            self.expansion = nn.Parameter(torch.empty(size, _SMALL_SIZE, **place))
            size = _SMALL_SIZE
        self.table = nn.Parameter(torch.empty(size, num_symbols, **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the parameters anew."""
        if self.table is None:
            return
        if self.options.embedding_init == "normal":
            with torch.no_grad():
                self.table.normal_(0, self.options.embedding_scale, generator=generator)
        else:
            uniform_(self.table, len(self.table), generator, self.options.embedding_scale)
        if self.expansion is not None:
            uniform_(self.expansion, _SMALL_SIZE, generator)

    def vectors(self, like: Tensor) -> Tensor:
        """The vectors of all symbols, (symbols, size)."""
        if self.table is None:
            return torch.eye(self.num_symbols, dtype=like.dtype, device=like.device)
        return self.table.T if self.expansion is None else self.table.T @ self.expansion.T


class Perceptron(nn.Module):
    """y = V relu(U x + u) + v, or V x + v without hidden units; uniform in ± 1/√inputs, biases 0."""

    def __init__(self, input_size: int, units: int, num_outputs: int, place: dict[str, Any]) -> None:
        super().__init__()

        def affine(outputs: int, inputs: int) -> nn.ParameterList:
            return nn.ParameterList([torch.empty(outputs, inputs, **place), torch.empty(outputs, **place)])

        self.hidden = affine(units, input_size) if units else None
        self.output = affine(num_outputs, units or input_size)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the parameters anew."""
        for affine in (self.hidden, self.output):
            if affine is not None:
                uniform_(affine[0], affine[0].shape[1], generator)
                fill_(affine[1], 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """The outputs (…, outputs) of vectors (…, inputs)."""
        if self.hidden is not None:
            x = torch.relu(nn.functional.linear(x, *self.hidden))
        return nn.functional.linear(x, *self.output)


def norm_of(kind: Norm, size: int, place: dict[str, Any]) -> nn.Module | None:
    """A normalisation of vectors, or none."""
    if kind == "none":
        return None
    return (nn.LayerNorm if kind == "layer" else nn.RMSNorm)(size, eps=1e-5, **place)


class Block(nn.Module):
    """h(t) = cell(norm(x(t))), plus x(t) with a residual; then h + perceptron(norm(h)) if there is one."""

    def __init__(
        self, cell: Cell, norm: Norm, residual: bool, perceptron_size: int, place: dict[str, Any]
    ) -> None:
        super().__init__()
        if residual and cell.input_size != cell.hidden_size:
            raise ValueError(
                "a residual needs a cell with as many inputs as units; "
                f"got {cell.input_size} and {cell.hidden_size}"
            )
        self.norm, self.cell, self.residual = norm_of(norm, cell.input_size, place), cell, residual
        size = cell.hidden_size
        self.perceptron_norm = norm_of(norm, size, place) if perceptron_size else None
        self.perceptron = Perceptron(size, perceptron_size, size, place) if perceptron_size else None

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The outputs (N, time, hidden) of vectors (N, time, input)."""
        normed = x if self.norm is None else self.norm(x)
        outputs, _ = self.cell.unroll(self.cell.project(normed), None, lengths)
        hidden = x + outputs if self.residual else outputs
        if self.perceptron is None:
            return hidden
        return hidden + self.perceptron(
            hidden if self.perceptron_norm is None else self.perceptron_norm(hidden)
        )
