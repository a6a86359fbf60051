"""The models of `fastweights train`: a classifier of one cell, and one of several blocks."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from fastweights.options import ClassifierOptions, Norm
from fastweights.torch.cell import Cell
from fastweights.torch.checks import make_options, without_autocast
from fastweights.torch.models.layers import Block, Embedding, Perceptron, norm_of
from fastweights.torch.states import running


class Model(nn.Module):
    """outputs = readout(norm(last block(… first block(vectors of the inputs)))).

    Shapes: inputs (N, time) of symbols, or (N, time, channels) of real vectors; outputs (N, outputs) after
    the last step, or (N, labels, outputs) at the positions (N, labels) that are asked for. `lengths` (N,)
    says where sequences end; what stands behind is never looked at.
    """

    num_symbols: int | None
    readout: Perceptron
    about: dict[str, Any]
    """What the file said from which the model was read: the specification that made it."""

    def _blocks(self) -> Iterator[Block]:
        raise NotImplementedError

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the parameters anew, as they are before training."""
        for module in self.children():
            for part in module.modules():
                if isinstance(part, nn.LayerNorm | nn.RMSNorm | nn.Linear):
                    part.reset_parameters()
                elif isinstance(part, Cell | Embedding | Perceptron):
                    part.reset_parameters(generator)

    def forward(
        self, inputs: Tensor, positions: Tensor | None = None, *, lengths: Tensor | None = None
    ) -> Tensor:
        """The outputs after the last step, or at the positions.

        Raises: IndexError for a symbol that there is not, outside compiled programs; ValueError for other
        shapes.
        """
        self._check(inputs)
        with without_autocast(inputs):
            return self._outputs(inputs, positions, lengths)

    def _outputs(self, inputs: Tensor, positions: Tensor | None, lengths: Tensor | None) -> Tensor:
        hidden = self._vectors(inputs, lengths)
        for block in self._blocks():
            hidden = block(hidden, lengths)
        if positions is not None:
            return self.read(hidden.take_along_dim(positions[..., None].long(), dim=1))
        if lengths is None:
            return self.read(hidden[:, -1])
        ends = (lengths - 1).clamp(min=0).long()
        return self.read(hidden.take_along_dim(ends[:, None, None], dim=1)[:, 0])

    def read(self, hidden: Tensor) -> Tensor:
        """The outputs from the last layer's."""
        return self.readout(hidden)

    def _vectors(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        embedding: Any = getattr(self, "embedding", None)
        if self.num_symbols is not None:
            return nn.functional.embedding(inputs, embedding.vectors(self.readout.output[0]))
        if lengths is not None:
            inputs = torch.where(running(lengths, inputs.shape[1])[..., None], inputs, 0)
        return inputs if embedding is None else embedding(inputs)

    def _check(self, inputs: Tensor) -> None:
        expected = 2 if self.num_symbols is not None else 3
        if inputs.dim() != expected:
            raise ValueError(f"Expected inputs to be {expected}D, got {inputs.dim()}D instead")
        if self.num_symbols is None:
            return
        if inputs.is_floating_point():
            raise ValueError(f"Expected tokens to be integers, got {inputs.dtype} instead")
        # In compiled programs, and on a GPU, looking would break the graph, or wait.
        looks = inputs.device.type == "cpu" and not torch.compiler.is_compiling()
        if not looks or not inputs.numel():
            return
        least, most = torch.aminmax(inputs)
        if least.item() < 0 or most.item() >= self.num_symbols:
            raise IndexError(f"index out of range: tokens must be between 0 and {self.num_symbols - 1}")


class SequenceClassifier(Model):
    """Classes of sequences: softmax(readout(h(T))), h from the cell over the embedded symbols.

    Further keywords are those of `fastweights.ClassifierOptions`: embedding, embedding_init, embedding_scale,
    readout_size, softmax. Weights of embedding and read-out are placed where the cell's are.

    Shapes: tokens (N, time) of integers, logits (N, classes).
    Source: Ba et al. 2016, section 4.1.

    >>> import torch
    >>> from fastweights.torch import FastWeightsCell, SequenceClassifier
    >>> model = SequenceClassifier(FastWeightsCell(100, 50), 37, 10)
    >>> model(torch.randint(0, 37, (2, 9))).shape
    torch.Size([2, 10])
    """

    def __init__(self, cell: Cell, num_symbols: int, num_classes: int, **options: Any) -> None:
        super().__init__()
        self.about = {}
        chosen = make_options(type(self).__name__, ClassifierOptions, options)
        place = {"device": cell.input.device, "dtype": cell.input.dtype}
        outputs = num_classes if chosen.softmax == "classes" else max(num_symbols, num_classes)
        self.embedding = Embedding(cell.input_size, num_symbols, chosen, place)
        self.cell = cell
        self.readout = Perceptron(cell.hidden_size, chosen.readout_size, outputs, place)
        self.num_symbols = num_symbols
        self.embedding.reset_parameters()
        self.readout.reset_parameters()

    def _outputs(self, inputs: Tensor, positions: Tensor | None, lengths: Tensor | None) -> Tensor:
        table = self.cell.project(self.embedding.vectors(self.readout.output[0]))
        if positions is None and lengths is None:
            return self.read(self.cell.last_output(table, inputs))
        return super()._outputs(inputs, positions, lengths)

    def _blocks(self) -> Iterator[Any]:
        yield lambda hidden, lengths: self.cell.unroll(self.cell.project(hidden), None, lengths)[0]


class SequenceModel(Model):
    """Blocks of cells between vectors and a read-out, whose outputs are logits of classes, or real numbers.

    The inputs are symbols, each with a vector of the first cell's input size (`num_symbols`); or real
    vectors, which go through a linear map to that size (`num_channels`), or to the first cell as they are.
    `norm` stands before each cell, each perceptron and the read-out; with `residual` a cell's inputs are
    added to its outputs; after each cell is a perceptron of `perceptron_size` units, if that is not 0.
    Further keywords are those of `fastweights.ClassifierOptions`.

    Raises: ValueError if there is no cell, or sizes do not fit.
    """

    def __init__(
        self,
        cells: Cell | Sequence[Cell],
        num_outputs: int,
        *,
        num_symbols: int | None = None,
        num_channels: int | None = None,
        norm: Norm = "none",
        residual: bool = False,
        perceptron_size: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.about = {}
        cells = (cells,) if isinstance(cells, Cell) else tuple(cells)
        if not cells:
            raise ValueError("a model needs at least one cell")
        for before, after in pairwise(cells):
            if before.hidden_size != after.input_size:
                raise ValueError(
                    f"a cell after {before.hidden_size} units needs as many inputs; got {after.input_size}"
                )
        if num_symbols is not None and num_channels is not None:
            raise ValueError("inputs are symbols or real vectors; got sizes of both")
        chosen = make_options(type(self).__name__, ClassifierOptions, options)
        place = {"device": cells[0].input.device, "dtype": cells[0].input.dtype}
        size, last = cells[0].input_size, cells[-1].hidden_size
        self.num_symbols = num_symbols
        self.embedding = None
        if num_symbols is not None:
            self.embedding = Embedding(size, num_symbols, chosen, place)
            self.embedding.reset_parameters()
        elif num_channels is not None:
            self.embedding = nn.Linear(num_channels, size, **place)
        self.layers = nn.ModuleList(Block(cell, norm, residual, perceptron_size, place) for cell in cells)
        self.output_norm = norm_of(norm, last, place)
        if chosen.softmax == "symbols" and num_symbols is not None:
            num_outputs = max(num_symbols, num_outputs)
        self.readout = Perceptron(last, chosen.readout_size, num_outputs, place)
        for module in self.modules():
            if isinstance(module, Perceptron):
                module.reset_parameters()

    def _blocks(self) -> Iterator[Any]:
        return iter(self.layers)

    def read(self, hidden: Tensor) -> Tensor:
        return self.readout(hidden if self.output_norm is None else self.output_norm(hidden))
