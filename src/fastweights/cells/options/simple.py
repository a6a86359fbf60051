"""The options of cells of the form f(W h + C x + b)."""

from dataclasses import dataclass, field
from typing import Literal

from fastweights.errors import LATER, MAX_SCALE, check_between, check_choice, to_python_numbers


@dataclass(frozen=True)
class SimpleOptions:
    """Options that every cell of the form f(W h + C x + b) has."""

    layer_norm: bool = False
    """Normalise the summed inputs: h = f(LN[W h + C x]), with b as the bias of LN."""

    input_scale: float = 1.0
    """C is drawn uniformly from ± input_scale / √R."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("input_scale", self.input_scale, 0, MAX_SCALE)


@dataclass(frozen=True)
class StandardRNNOptions(SimpleOptions):
    """Options of the standard RNN."""


@dataclass(frozen=True)
class IRNNOptions(SimpleOptions):
    """Options of the identity RNN."""

    recurrent_scale: float = 0.5
    """W starts as recurrent_scale · I; Ba et al. use 0.5, Le et al. and Talathi & Vartak 1."""

    recurrent_init: Literal["identity", "positive-definite"] = field(default="identity", metadata=LATER)
    """What recurrent_scale multiplies: I, or the np-RNN's (GᵀG/R + I) / e, where G is normal and e makes the
    largest eigenvalue 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between("recurrent_scale", self.recurrent_scale, 0, MAX_SCALE)
        check_choice("recurrent_init", self.recurrent_init, ("identity", "positive-definite"))
