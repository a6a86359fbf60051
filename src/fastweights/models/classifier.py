"""The paper's model: embedding, one recurrent cell, read-out."""

import equinox as eqx
import jax
from jax import Array
from jaxtyping import Float, Integer

from fastweights.cells.base import Cell
from fastweights.cells.sequences import gather
from fastweights.models.base import Model
from fastweights.models.block import Block
from fastweights.models.layers import ClassifierOptions, Embedding, Perceptron
from fastweights.types import Tokens


class SequenceClassifier(Model):
    """Classes of sequences: softmax(readout(h(T))), h from the cell over the embedded symbols: a model of one
    block, which is its cell.

    Shapes: tokens (…, time) of integers, logits (…, classes). The embedding has the cell's input size.
    Raises: InvalidValueError if symbols are to be one-hot and the cell's input size is not their number.
    Source: Ba et al. 2016, section 4.1.
    """

    embedding: Embedding
    cell: Cell
    readout: Perceptron
    num_symbols: int = eqx.field(static=True)

    def __init__(
        self,
        cell: Cell,
        num_symbols: int,
        num_classes: int,
        *,
        options: ClassifierOptions = ClassifierOptions(),
        key: Array,
    ) -> None:
        embedding_key, readout_key = jax.random.split(key)
        self.embedding = Embedding(cell.input_size, num_symbols, options, key=embedding_key)
        self.cell = cell
        outputs = num_classes if options.softmax == "classes" else max(num_symbols, num_classes)
        self.readout = Perceptron(cell.hidden_size, options.readout_size, outputs, key=readout_key)
        self.num_symbols = num_symbols

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The cell, as a block."""
        return (Block(self.cell),)

    def projections(self, tokens: Tokens) -> Float[Array, "*batch time projection"]:
        """The cell's projection at every step."""
        return gather(self.blocks[0].project(self.symbol_vectors()), tokens)

    def attention(self, inputs: Integer[Array, " time"]) -> Float[Array, "time time"] | None:
        """What each step of one sequence reads of each earlier state; None for cells that do not read
        them."""
        return self.cell.attention(self.projections(inputs))
