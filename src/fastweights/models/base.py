"""What all models share: inputs go through blocks of cells, and outputs are read where they are asked for."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import ArrayLike, Float, Integer

from fastweights.cells.base import Cell
from fastweights.cells.sequences import (
    checked_positions,
    each_vector,
    gather,
    nearest_symbols,
    without_padding,
)
from fastweights.errors import check
from fastweights.models.block import Block
from fastweights.models.layers import Perceptron
from fastweights.numerics import is_known


class Model(eqx.Module):
    """outputs = readout(norm(last block(… first block(vectors of the inputs)))).

    Shapes: inputs (…, time) of symbols, or (…, time, channels) of real vectors; outputs (…, outputs) after
    the last step, or (…, labels, outputs) at the positions (…, labels) that are asked for: the read-out is
    applied there alone. `lengths` (…,) says where sequences end; what stands behind is never looked at.

    >>> import fastweights as fw, jax, jax.numpy as jnp
    >>> keys = jax.random.split(jax.random.key(0), 3)
    >>> cells = [fw.LSTM(8, 8, key=key) for key in keys[:2]]
    >>> model = fw.SequenceModel(cells, 3, num_symbols=5, norm="rms", residual=True, key=keys[2])
    >>> tokens = jnp.array([[1, 0, 4, 2], [3, 3, 0, 0]])
    >>> model(tokens).shape, model(tokens, lengths=jnp.array([4, 2])).shape
    ((2, 3), (2, 3))
    >>> model(tokens, jnp.array([[1, 3], [0, 2]])).shape
    (2, 2, 3)
    >>> state = model.initial_state()  # one sequence, step by step
    >>> for token in tokens[0]:
    ...     state, outputs = model.step(state, token)
    >>> bool(jnp.allclose(outputs, model(tokens)[0], atol=1e-5))
    True
    """

    embedding: eqx.AbstractVar[Any]
    """The symbols' vectors (`Embedding`), a linear map of real vectors, or None: they stay as they are."""
    readout: eqx.AbstractVar[Perceptron]
    num_symbols: eqx.AbstractVar[Any]
    """How many symbols there are; None for real vectors."""

    @property
    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The layers, the first one first."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the layers."""
        return tuple(block.cell for block in self.blocks)

    @property
    def num_outputs(self) -> int:
        """The number of outputs: num_classes, or more of them if the softmax is over the symbols."""
        return self.readout.output[1].shape[-1]

    @property
    def num_channels(self) -> int | None:
        """The size of the vectors that are its inputs; None for symbols."""
        if self.num_symbols is not None:
            return None
        return self.cells[0].input_size if self.embedding is None else self.embedding.in_features

    def __call__(
        self,
        inputs: Array,
        positions: Integer[Array, "*batch labels"] | None = None,
        *,
        lengths: Integer[Array, "*batch"] | None = None,
    ) -> Float[Array, "*batch outputs"] | Float[Array, "*batch labels outputs"]:
        """The outputs after the last step, or at the positions.

        Raises: InvalidValueError unless symbols are integers in [0, num_symbols), vectors have as many
        channels as the model, and positions are integers from 0 to time − 1. Within compiled code, where
        numbers cannot be looked at, the nearest symbol stands for one outside.
        """
        self._check_inputs(inputs)
        if positions is not None:
            shape = inputs.shape if self.num_symbols is not None else inputs.shape[:-1]
            positions = checked_positions(positions, shape[:-1], shape[-1])
        first, *others = self.blocks
        if self.num_symbols is None:
            if lengths is not None:
                inputs = without_padding(inputs, lengths)
            vectors = inputs if self.embedding is None else each_vector(self.embedding, inputs)
            hidden = first(vectors, first.project(vectors), lengths)
        elif positions is None and lengths is None and not others and first.is_plain:
            hidden = self.cells[0].last_output(first.project(self.symbol_vectors()), inputs)
            return self.read(hidden)
        else:
            table, tokens = self.symbol_vectors(), nearest_symbols(inputs, self.num_symbols)
            # Each symbol is projected once, or each step, whichever is less.
            if len(table) <= tokens.size:
                hidden = first(table[tokens], first.project(table)[tokens], lengths)
            else:
                vectors = table[tokens]
                hidden = first(vectors, first.project(vectors), lengths)
        for block in others:
            hidden = block(hidden, block.project(hidden), lengths)
        return self.read(_at(hidden, positions, lengths))

    def initial_state(self) -> tuple[Any, ...]:
        """The states of all cells before the first step of one sequence."""
        return tuple(cell.initial_state() for cell in self.cells)

    def step(
        self, state: tuple[Any, ...], x: Integer[ArrayLike, ""] | Float[Array, " channels"]
    ) -> tuple[tuple[Any, ...], Float[Array, " outputs"]]:
        """One step of one sequence: the new state, and the outputs after it."""
        hidden = jnp.asarray(x)
        self._check_inputs(hidden[None])
        if self.num_symbols is not None:
            hidden = gather(self.symbol_vectors(), hidden[None])[0]
        elif self.embedding is not None:
            hidden = self.embedding(hidden)
        states = []
        for block, before in zip(self.blocks, state, strict=True):
            after, hidden = block.step(before, hidden)
            states.append(after)
        return tuple(states), self.read(hidden)

    def symbol_vectors(self) -> Float[Array, "symbols size"]:
        """The vectors of all symbols."""
        vectors = self.embedding.vectors(self.num_symbols)
        # One-hot vectors have no precision of their own.
        return vectors.astype(self.readout.output[1].dtype)

    def read(self, hidden: Float[Array, "*batch hidden"]) -> Float[Array, "*batch outputs"]:
        """The outputs from the last layer's."""
        return self.readout(hidden)

    def attention(self, inputs: Array) -> Float[Array, "time time"] | None:
        """What each step of one sequence reads of each earlier state; None for models that do not say."""
        del inputs
        return None

    def _check_inputs(self, inputs: ArrayLike) -> None:
        dtype, shape = jnp.result_type(inputs), jnp.shape(inputs)
        if self.num_symbols is None:
            check(
                jnp.issubdtype(dtype, jnp.floating) and shape[-1] == self.num_channels,
                f"inputs must be vectors of {self.num_channels} channels; got {dtype} of shape {shape}",
            )
            return
        check(jnp.issubdtype(dtype, jnp.integer), f"tokens must be integers; got numbers of type {dtype}")
        if is_known(inputs):
            values = np.asarray(inputs)
            outside = values[(values < 0) | (values >= self.num_symbols)]
            got = outside[0] if outside.size else None
            check(got is None, f"tokens must be between 0 and {self.num_symbols - 1}; got {got}")


def _at(
    hidden: Float[Array, "*batch time size"],
    positions: Integer[Array, "*batch labels"] | None,
    lengths: Integer[Array, "*batch"] | None,
) -> Float[Array, "*batch size"] | Float[Array, "*batch labels size"]:
    """The vectors at the positions, or at the end of each sequence."""
    if positions is not None:
        return jnp.take_along_axis(hidden, positions[..., None], axis=-2)
    if lengths is None:
        return hidden[..., -1, :]
    return jnp.take_along_axis(hidden, jnp.maximum(lengths - 1, 0)[..., None, None], axis=-2)[..., 0, :]
