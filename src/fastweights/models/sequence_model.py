"""A model of several layers, for tasks of every shape."""

from collections.abc import Sequence
from itertools import pairwise

import equinox as eqx
import jax
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import Cell
from fastweights.cells.sequences import each_vector
from fastweights.errors import check
from fastweights.models.base import Model
from fastweights.models.block import NORMS, Block
from fastweights.models.layers import ClassifierOptions, Embedding, Perceptron
from fastweights.options import BlockOptions as BlockOptions
from fastweights.options import Norm


class SequenceModel(Model):
    """Blocks of cells between vectors and a read-out, whose outputs are logits of classes, or real numbers.

    The inputs are symbols, each with a vector of the first cell's input size (`num_symbols`); or real
    vectors, which go through a linear map to that size (`num_channels`), or to the first cell as they are.
    `norm`, `residual` and `perceptron_size` are those of `BlockOptions`; `options` says how symbols become
    vectors, and how large the read-out is.

    Raises: InvalidValueError if there is no cell, or the sizes of neighbours differ.

    A cell of two inputs for the adding problem, and one block after another for associative recall:

    >>> import fastweights as fw, jax
    >>> keys = jax.random.split(jax.random.key(0), 4)
    >>> adding = fw.SequenceModel(fw.IRNN(2, 100, key=keys[0]), 1, key=keys[1])
    >>> cells = [fw.LSTM(64, 64, key=key) for key in keys[:2]]
    >>> recall = fw.SequenceModel(cells, 8192, num_symbols=8192, norm="rms", residual=True, key=keys[2])
    """

    embedding: Embedding | eqx.nn.Linear | None
    layers: tuple[Block, ...]
    output_norm: eqx.nn.LayerNorm | eqx.nn.RMSNorm | None
    readout: Perceptron
    num_symbols: int | None = eqx.field(static=True)

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
        options: ClassifierOptions = ClassifierOptions(),
        key: Array,
    ) -> None:
        cells = (cells,) if isinstance(cells, Cell) else cells
        check(len(cells) > 0, "a model needs at least one cell")
        for before, after in pairwise(cells):
            check(
                before.hidden_size == after.input_size,
                f"a cell after {before.hidden_size} units needs as many inputs; got {after.input_size}",
            )
        embedding_key, readout_key, *block_keys = jax.random.split(key, 2 + len(cells))
        size, self.embedding = cells[0].input_size, None
        if num_symbols is not None:
            check(num_channels is None, "inputs are symbols or real vectors; got sizes of both")
            self.embedding = Embedding(size, num_symbols, options, key=embedding_key)
        elif num_channels is not None:
            self.embedding = eqx.nn.Linear(num_channels, size, key=embedding_key)
        self.layers = tuple(
            Block(cell, norm=norm, residual=residual, perceptron_size=perceptron_size, key=block_key)
            for cell, block_key in zip(cells, block_keys, strict=True)
        )
        self.output_norm = NORMS[norm](cells[-1].hidden_size)
        if options.softmax == "symbols" and num_symbols is not None:
            num_outputs = max(num_symbols, num_outputs)
        self.readout = Perceptron(cells[-1].hidden_size, options.readout_size, num_outputs, key=readout_key)
        self.num_symbols = num_symbols

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.layers

    def read(self, hidden: Float[Array, "*batch hidden"]) -> Float[Array, "*batch outputs"]:
        return self.readout(hidden if self.output_norm is None else each_vector(self.output_norm, hidden))
