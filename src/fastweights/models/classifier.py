"""A sequence classifier: embedding, recurrent cell, read-out."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import ArrayLike, Float

from fastweights.cells.base import Cell, gather
from fastweights.errors import check
from fastweights.models.embedding import Embedding
from fastweights.models.options import ClassifierOptions
from fastweights.models.readout import Readout
from fastweights.numerics import is_known
from fastweights.types import Tokens


def _check_tokens(tokens: ArrayLike, num_symbols: int) -> None:
    """Raise InvalidValueError unless the tokens are integers in [0, num_symbols), as far as that is known."""
    dtype = jnp.result_type(tokens)
    check(jnp.issubdtype(dtype, jnp.integer), f"tokens must be integers; got numbers of type {dtype}")
    if is_known(tokens):
        values = np.asarray(tokens)
        outside = values[(values < 0) | (values >= num_symbols)]
        got = outside[0] if outside.size else None
        check(got is None, f"tokens must be between 0 and {num_symbols - 1}; got {got}")


class SequenceClassifier(eqx.Module):
    """Classes of sequences: softmax(readout(h(T))), h from the cell over the embedded symbols.

    Shapes: tokens (time, batch) of integers, logits (classes, batch). The embedding has the cell's
    input size.
    Raises: InvalidValueError if symbols are to be one-hot and the cell's input size is not their number.
    Source: Ba et al. 2016, section 4.1.
    """

    embedding: Embedding
    cell: Cell
    readout: Readout
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
        self.readout = Readout(cell.hidden_size, options.readout_size, outputs, key=readout_key)
        self.num_symbols = num_symbols

    @property
    def num_outputs(self) -> int:
        """The number of logits: num_classes, or more of them if the softmax is over the symbols."""
        return self.readout.output[1].shape[-1]

    def projection_table(self) -> Float[Array, "projection symbols"]:
        """The cell's projection for each symbol, as columns: computed once, not at every step."""
        vectors = self.embedding.vectors(self.num_symbols)
        # One-hot vectors have no precision of their own.
        return self.cell.project(vectors.astype(self.readout.output[1].dtype))

    def projections(self, tokens: Tokens) -> Float[Array, "time projection batch"]:
        """The cell's projection at every step."""
        return gather(self.projection_table(), tokens)

    def __call__(self, tokens: Tokens) -> Float[Array, "classes batch"]:
        """The logits of the classes.

        Raises: InvalidValueError unless the tokens are integers in [0, num_symbols). Within compiled code,
        where they cannot be looked at, the nearest symbol stands for one outside.
        """
        _check_tokens(tokens, self.num_symbols)
        return self.readout(self.cell.last_output(self.projection_table(), tokens))

    def attention(self, tokens: Tokens) -> Float[Array, "time time batch"] | None:
        """What each step reads of each earlier state; None for cells that do not read them."""
        return self.cell.attention(self.projections(tokens))
