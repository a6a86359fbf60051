"""What a check is: a statement, and the numbers that it stands or falls with. Does not import JAX."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass, field
from typing import ClassVar, SupportsFloat, dataclass_transform

from fastweights.theory.plot import Panel


@dataclass(frozen=True, init=False)
class Quantity:
    """A measured number, and the range in which theory puts it.

    Where two computations of one quantity are compared, what is measured is their largest difference, and
    the range ends at the rounding error that is argued for. Numbers of any type are stored as floats.
    """

    name: str
    measured: float
    lowest: float
    highest: float

    def __init__(
        self,
        name: str,
        measured: SupportsFloat,
        lowest: SupportsFloat = -math.inf,
        highest: SupportsFloat = math.inf,
    ) -> None:
        numbers = (float(number) for number in (measured, lowest, highest))
        for attribute, value in zip(("name", "measured", "lowest", "highest"), (name, *numbers), strict=True):
            object.__setattr__(self, attribute, value)

    @classmethod
    def near(
        cls, name: str, measured: SupportsFloat, expected: SupportsFloat, tolerance: SupportsFloat
    ) -> "Quantity":
        """A number that theory puts within a tolerance of an expected one."""
        middle, slack = float(expected), float(tolerance)
        return cls(name, measured, middle - slack, middle + slack)

    @property
    def holds(self) -> bool:
        """Whether the measured number lies in the range; NaN never does."""
        return self.lowest <= self.measured <= self.highest


@dataclass(frozen=True, init=False)
class Finding:
    """What a check measured: at least one quantity, and the panels of its figure, if it has one."""

    quantities: Sequence[Quantity]
    panels: Sequence[Panel]

    def __init__(self, *quantities: Quantity, panels: Sequence[Panel] = ()) -> None:
        object.__setattr__(self, "quantities", quantities)
        object.__setattr__(self, "panels", panels)


@dataclass_transform(frozen_default=True)
class Check(ABC):
    """A statement that can be tested. A subclass goes under `register_check`, and is a frozen dataclass
    without saying so.

    Its fields are the statement's ingredients, such as the exponent of the decay, with the true ones as
    defaults: so a test can put in a wrong one and see the check fail. Its formulas are the functions among
    them: `benchmarks/theory_mutations.py` in the repository changes each number in these, and the check must
    notice. Everything is computed in double precision and from fixed seeds: the same check always measures
    the same numbers.

    Example:
        @register_check("geometric-sum", source="Euclid, Elements IX.35")
        class GeometricSum(Check):
            statement = "1 + ½ + … + ½ⁿ is 2 − ½ⁿ."
            ratio: float = 0.5

            def examine(self) -> Finding:
                total = sum(self.ratio**i for i in range(11))
                return Finding(Quantity("difference at n = 10", total - (2 - 0.5**10), 0, 0))
    """

    statement: ClassVar[str]
    """What is checked, in one sentence."""

    has_figure: ClassVar[bool] = False
    """Whether its finding has panels, for those who list checks without computing them."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)
        # Those of this class serve; with their own, an explicit @dataclass(frozen=True) would be refused.
        del cls.__setattr__, cls.__delattr__

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    @abstractmethod
    def examine(self) -> Finding:
        """Compute both sides."""


@dataclass(frozen=True)
class CheckResult:
    """A check's statement, what was measured, and whether it holds."""

    name: str
    statement: str
    source: str
    quantities: Sequence[Quantity]
    seconds: float
    error: str | None = None
    """The last line of the exception that the check raised; None if it completed."""
    panels: Sequence[Panel] = field(default=(), repr=False)

    @property
    def holds(self) -> bool:
        """Whether every quantity does, and there is one."""
        return (
            self.error is None
            and bool(self.quantities)
            and all(quantity.holds for quantity in self.quantities)
        )
