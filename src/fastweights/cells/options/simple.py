"""The options of cells of the form f(W h + C x + b)."""

from dataclasses import dataclass

from fastweights.errors import MAX_SCALE, check_between, to_python_numbers


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
    """W starts as recurrent_scale · I; Ba et al. use 0.5, Le et al. 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between("recurrent_scale", self.recurrent_scale, 0, MAX_SCALE)
