"""The options of the gated recurrent unit."""

from dataclasses import dataclass
from typing import Literal

from fastweights.errors import check_choice, to_python_numbers


@dataclass(frozen=True)
class GRUOptions:
    """Options of the gated recurrent unit."""

    reset_gate: Literal["after", "before"] = "after"
    """Where r acts: after the candidate's recurrent product (cuDNN, PyTorch), or before it (Cho et al.)."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_choice("reset_gate", self.reset_gate, ("after", "before"))
