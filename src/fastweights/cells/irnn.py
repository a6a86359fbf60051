"""The identity RNN: rectified linear units that start by copying their state."""

from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import Array

from fastweights.cells.options.simple import IRNNOptions as IRNNOptions
from fastweights.cells.simple import SimpleCell
from fastweights.registry import register_cell


@register_cell("irnn", source="Le, Jaitly & Hinton 2015, arXiv:1504.00941")
class IRNN(SimpleCell):
    """h(t) = relu(W h(t−1) + C x(t) + b); W = scale · I, C uniform in ± 1/√R, b = 0.

    With the option recurrent_init="positive-definite" it is an np-RNN: W = scale · (GᵀG/R + I) / e, where G
    is standard normal and e the largest eigenvalue of what it divides. Of that paper's start this is W alone.

    Shapes: x (input,), state and output (hidden,).
    Raises: InvalidValueError if a size is below 1.
    Source: Le, Jaitly & Hinton 2015, arXiv:1504.00941; the scale 0.5 from Ba et al. 2016, section 4.1; the
    np-RNN from Talathi & Vartak 2015, arXiv:1511.03771.
    """

    Options: ClassVar[type] = IRNNOptions
    activation: ClassVar[Literal["relu", "tanh"]] = "relu"

    # Type checkers take a subclass without a constructor for a dataclass of its fields.
    def __init__(
        self, input_size: int, hidden_size: int, *, options: IRNNOptions = IRNNOptions(), key: Array
    ) -> None:
        super().__init__(input_size, hidden_size, options=options, key=key)

    def initial_recurrent(self, hidden_size: int, options: IRNNOptions, key: Array) -> Array:
        start = jnp.eye(hidden_size)
        if options.recurrent_init == "positive-definite":
            drawn = jax.random.normal(key, (hidden_size, hidden_size))
            start = drawn.T @ drawn / hidden_size + start
            start = start / jnp.linalg.eigvalsh(start)[-1]
        return options.recurrent_scale * start
