"""The standard recurrent network."""

from typing import ClassVar, Literal

from jax import Array

from fastweights.cells.layers import uniform
from fastweights.cells.options.simple import StandardRNNOptions as StandardRNNOptions
from fastweights.cells.simple import SimpleCell
from fastweights.registry import register_cell


@register_cell("standard-rnn", source="Elman 1990, Finding structure in time")
class StandardRNN(SimpleCell):
    """h(t) = tanh(W h(t−1) + C x(t) + b); W and C uniform in ± 1/√R, b = 0.

    Shapes: x (input,), state and output (hidden,).
    Raises: InvalidValueError if a size is below 1.
    Source: Elman 1990, Cognitive Science 14:179–211.
    """

    Options: ClassVar[type] = StandardRNNOptions
    activation: ClassVar[Literal["relu", "tanh"]] = "tanh"

    # Type checkers take a subclass without a constructor for a dataclass of its fields.
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        options: StandardRNNOptions = StandardRNNOptions(),
        key: Array,
    ) -> None:
        super().__init__(input_size, hidden_size, options=options, key=key)

    def initial_recurrent(self, hidden_size: int, options: StandardRNNOptions, key: Array) -> Array:
        return uniform(key, (hidden_size, hidden_size), hidden_size)
