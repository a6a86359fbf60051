"""The standard recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from jax import Array

from fastweights.cells.layers import uniform
from fastweights.cells.simple import SimpleCell, SimpleOptions
from fastweights.registry import register_cell


@dataclass(frozen=True)
class StandardRNNOptions(SimpleOptions):
    """Options of the standard RNN."""


@register_cell("standard-rnn", source="Elman 1990, Finding structure in time")
class StandardRNN(SimpleCell):
    """h(t) = tanh(W h(t−1) + C x(t) + b); W and C uniform in ± 1/√R, b = 0.

    Shapes: x (input, batch), state and output (hidden, batch).
    Raises: InvalidValueError if a size is below 1.
    Source: Elman 1990, Cognitive Science 14:179–211.
    """

    Options: ClassVar[type] = StandardRNNOptions
    activation: ClassVar[Literal["relu", "tanh"]] = "tanh"

    def initial_recurrent(self, hidden_size: int, options: StandardRNNOptions, key: Array) -> Array:
        return uniform(key, (hidden_size, hidden_size), hidden_size)
