"""A sequence classifier: embedding, recurrent cell, read-out."""

from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import ArrayLike, Float, Integer

from fastweights.cells.base import Cell
from fastweights.cells.layers import uniform
from fastweights.cells.sequences import gather
from fastweights.errors import (
    MAX_SCALE,
    check,
    check_between,
    check_choice,
    check_positive,
    to_python_numbers,
)
from fastweights.numerics import is_known
from fastweights.types import Tokens

_SMALL_SIZE = 50


@dataclass(frozen=True)
class ClassifierOptions:
    """What stands before and after the cell."""

    embedding: Literal["direct", "expanded", "one-hot"] = "direct"
    """A vector for each symbol, one of 50 numbers expanded by a linear map (the paper's), or one-hot."""

    embedding_init: Literal["normal", "uniform"] = "normal"
    """Embeddings are drawn from N(0, embedding_scale²) or uniformly from ± embedding_scale / √size."""

    embedding_scale: float = 1.0
    """See embedding_init."""

    readout_size: int = 100
    """The number of ReLUs between the last state and the softmax; 0 for none."""

    softmax: Literal["classes", "symbols"] = "classes"
    """A softmax over the classes alone, or padded to as many outputs as there are symbols."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_choice("embedding", self.embedding, ("direct", "expanded", "one-hot"))
        check_choice("embedding_init", self.embedding_init, ("normal", "uniform"))
        check_positive("embedding_scale", self.embedding_scale)
        check_between("embedding_scale", self.embedding_scale, 0, MAX_SCALE)
        check_between("readout_size", self.readout_size, 0, 10_000)
        check_choice("softmax", self.softmax, ("classes", "symbols"))


class Embedding(eqx.Module):
    """A vector for each symbol: a column of `table`, or of `expansion @ table`.

    Source: Ba et al. 2016, footnote 2.
    """

    table: Float[Array, "size symbols"] | None
    expansion: Float[Array, "expanded size"] | None

    def __init__(self, size: int, num_symbols: int, options: ClassifierOptions, *, key: Array) -> None:
        table_key, expansion_key = jax.random.split(key)
        self.table = self.expansion = None
        if options.embedding == "one-hot":
            check(
                size == num_symbols,
                f"one-hot symbols need a cell of input_size {num_symbols}; got {size}",
            )
            return
        if options.embedding == "expanded":
            self.expansion = uniform(expansion_key, (size, _SMALL_SIZE), _SMALL_SIZE)
            size = _SMALL_SIZE
        if options.embedding_init == "normal":
            self.table = options.embedding_scale * jax.random.normal(table_key, (size, num_symbols))
        else:
            self.table = uniform(table_key, (size, num_symbols), size, options.embedding_scale)

    def vectors(self, num_symbols: int) -> Float[Array, "symbols input"]:
        """The vectors of all symbols."""
        if self.table is None:
            return jnp.eye(num_symbols)
        return self.table.T if self.expansion is None else self.table.T @ self.expansion.T


class Readout(eqx.Module):
    """logits = V relu(U h + u) + v, or V h + v without hidden units; uniform in ± 1/√inputs."""

    hidden: tuple[Float[Array, "units hidden"], Float[Array, " units"]] | None
    output: tuple[Float[Array, "classes units"], Float[Array, " classes"]]

    def __init__(self, hidden_size: int, units: int, num_outputs: int, *, key: Array) -> None:
        hidden_key, output_key = jax.random.split(key)
        self.hidden = None
        if units:
            self.hidden = uniform(hidden_key, (units, hidden_size), hidden_size), jnp.zeros(units)
        fan = units or hidden_size
        self.output = uniform(output_key, (num_outputs, fan), fan), jnp.zeros(num_outputs)

    def __call__(self, state: Float[Array, "*batch hidden"]) -> Float[Array, "*batch classes"]:
        if self.hidden is not None:
            weight, bias = self.hidden
            state = jax.nn.relu(state @ weight.T + bias)
        weight, bias = self.output
        return state @ weight.T + bias


class SequenceClassifier(eqx.Module):
    """Classes of sequences: softmax(readout(h(T))), h from the cell over the embedded symbols.

    Shapes: tokens (…, time) of integers, logits (…, classes). The embedding has the cell's input size.
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

    def projection_table(self) -> Float[Array, "symbols projection"]:
        """The cell's projection for each symbol: computed once, not at every step."""
        vectors = self.embedding.vectors(self.num_symbols)
        # One-hot vectors have no precision of their own.
        return jax.vmap(self.cell.project)(vectors.astype(self.readout.output[1].dtype))

    def projections(self, tokens: Tokens) -> Float[Array, "*batch time projection"]:
        """The cell's projection at every step."""
        return gather(self.projection_table(), tokens)

    def __call__(self, tokens: Tokens) -> Float[Array, "*batch classes"]:
        """The logits of the classes.

        Raises: InvalidValueError unless the tokens are integers in [0, num_symbols). Within compiled code,
        where they cannot be looked at, the nearest symbol stands for one outside.
        """
        _check_tokens(tokens, self.num_symbols)
        return self.readout(self.cell.last_output(self.projection_table(), tokens))

    def attention(self, tokens: Integer[Array, " time"]) -> Float[Array, "time time"] | None:
        """What each step of a sequence reads of each earlier state; None for cells that read none."""
        return self.cell.attention(self.projections(tokens))


def _check_tokens(tokens: ArrayLike, num_symbols: int) -> None:
    """Raise InvalidValueError unless the tokens are integers in [0, num_symbols), as far as that is known."""
    dtype = jnp.result_type(tokens)
    check(jnp.issubdtype(dtype, jnp.integer), f"tokens must be integers; got numbers of type {dtype}")
    if is_known(tokens):
        values = np.asarray(tokens)
        outside = values[(values < 0) | (values >= num_symbols)]
        got = outside[0] if outside.size else None
        check(got is None, f"tokens must be between 0 and {num_symbols - 1}; got {got}")
