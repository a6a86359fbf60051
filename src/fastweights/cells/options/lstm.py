"""The options of the LSTM."""

from dataclasses import dataclass

from fastweights.errors import MAX_SCALE, check_between, to_python_numbers


@dataclass(frozen=True)
class LSTMOptions:
    """Options of the LSTM."""

    forget_bias: float = 1.0
    """The forget gate's bias before training; 1 keeps the gate open at first, 0 is the plain choice."""

    layer_norm: bool = False
    """Normalise each gate's summed inputs, and the cell before it is read."""

    input_scale: float = 1.0
    """C is drawn uniformly from ± input_scale / √R."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("forget_bias", self.forget_bias, -MAX_SCALE, MAX_SCALE)
        check_between("input_scale", self.input_scale, 0, MAX_SCALE)
