"""Layers and directions of one cell, with the habits of `torch.nn.RNN`."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from fastweights.torch.cell import AnyState, Cell
from fastweights.torch.checks import as_weights, check_state, described, without_autocast
from fastweights.torch.states import map_state, reversed_within


class Recurrent(nn.Module):
    """(output, hx) = module(input, hx): every layer's outputs are the next one's inputs.

    With `bidirectional` a layer has a second cell, which reads every sequence from its end; its outputs come
    behind the first one's. Outputs of all layers but the last pass a dropout. Further keywords are the cell's
    options.

    Shapes: input (time, N, input_size), (N, time, input_size) with `batch_first`, (time, input_size), or a
    `PackedSequence`; output of the same kind, with directions · hidden_size in place of input_size. hx is the
    cell's named tuple `State`; its arrays are (layers · directions, N, …), or (layers · directions, …)
    without a batch, those of a layer's directions one after the other. They are 0 where hx is not given.

    Raises: TypeError, ValueError or RuntimeError, as `torch.nn.RNN`, for sizes, options, shapes, types and
    devices that do not fit.
    """

    cell_class: ClassVar[type[Cell]]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        num_layers: int = 1,
        batch_first: bool = False,
        bidirectional: bool = False,
        dropout: float = 0.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        if not isinstance(num_layers, int) or num_layers < 1:
            raise ValueError(f"num_layers must be greater than zero; got {num_layers}")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being "
                f"zeroed; got {dropout}"
            )
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.batch_first = num_layers, batch_first
        self.bidirectional, self.dropout = bidirectional, float(dropout)
        sizes = [input_size] + [self.directions * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(
            self.cell_class(size, hidden_size, device=device, dtype=dtype, **options)
            for size in sizes
            for _ in range(self.directions)
        )

    @property
    def directions(self) -> int:
        """2 where sequences are read from both ends, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def options(self) -> Any:
        """The options of the cells."""
        return self.first.options

    @property
    def first(self) -> Cell:
        """The first layer's cell."""
        return self._cell(0)

    def _cell(self, number: int) -> Cell:
        cell: Any = self.cells[number]
        return cell

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the parameters anew, as they are before training."""
        for number in range(len(self.cells)):
            self._cell(number).reset_parameters(generator)

    def forward(self, input: Any, hx: AnyState = None) -> tuple[Any, AnyState]:
        """The outputs of the last layer, and the states after the last step of all."""
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        name = type(self).__name__
        if input.dim() not in (2, 3):
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        if input.dim() == 2:
            if hx is not None:
                self._check(hx, ())
                hx = map_state(lambda array: array.unsqueeze(1), hx)
            outputs, state = self._run(input.unsqueeze(0), hx, None)
            return outputs[0], map_state(lambda array: array.squeeze(1), state)
        sequences = input if self.batch_first else input.transpose(0, 1)
        if hx is not None:
            self._check(hx, (len(sequences),))
        outputs, state = self._run(sequences, hx, None)
        return outputs if self.batch_first else outputs.transpose(0, 1), state

    def _packed(self, input: PackedSequence, hx: AnyState) -> tuple[PackedSequence, AnyState]:
        """Sequences stay in the order of their lengths, in which they are packed; hx is in their own."""
        data, sizes, order, inverse = input
        padded, lengths = pad_packed_sequence(PackedSequence(data, sizes), batch_first=True)
        if hx is not None:
            self._check(hx, (len(padded),))
            hx = hx if order is None else map_state(lambda array: array.index_select(1, order), hx)
        outputs, state = self._run(padded, hx, lengths.to(data.device))
        packed = pack_padded_sequence(outputs, lengths, batch_first=True)
        if inverse is not None:
            state = map_state(lambda array: array.index_select(1, inverse), state)
        return PackedSequence(packed.data, sizes, order, inverse), state

    def _check(self, hx: AnyState, batch: tuple[int, ...]) -> None:
        leading = (len(self.cells), *batch)
        cell = self.first
        check_state(type(self).__name__, hx, cell.State, cell.state_shapes(), leading, cell.input)

    def _run(self, x: Tensor, hx: AnyState, lengths: Tensor | None) -> tuple[Tensor, AnyState]:
        """All layers, of sequences (N, time, input_size)."""
        if not x.shape[1]:
            raise RuntimeError(f"Expected sequence length to be larger than 0 in {type(self).__name__}")
        x = as_weights(type(self).__name__, x, self.input_size, self.first.input)
        with without_autocast(x):
            states = []
            for layer in range(self.num_layers):
                if layer and self.dropout:
                    x = nn.functional.dropout(x, self.dropout, self.training)
                outputs = []
                for direction in range(self.directions):
                    number = layer * self.directions + direction
                    before = None if hx is None else map_state(lambda array, i=number: array[i], hx)
                    output, state = self._one(number, direction, x, before, lengths)
                    outputs.append(output)
                    states.append(state)
                x = torch.cat(outputs, dim=-1) if self.bidirectional else outputs[0]
        return x, map_state(lambda *arrays: torch.stack(arrays), *states)

    def _one(
        self, number: int, direction: int, x: Tensor, state: AnyState, lengths: Tensor | None
    ) -> tuple[Tensor, AnyState]:
        cell = self._cell(number)
        if not direction:
            return cell.unroll(cell.project(x), state, lengths)
        outputs, state = cell.unroll(cell.project(reversed_within(x, lengths)), state, lengths)
        return reversed_within(outputs, lengths), state

    def extra_repr(self) -> str:
        said = [described(self)]
        for name, usual in (
            ("num_layers", 1),
            ("batch_first", False),
            ("dropout", 0.0),
            ("bidirectional", False),
        ):
            if getattr(self, name) != usual:
                said.append(f"{name}={getattr(self, name)}")
        return ", ".join(said)
