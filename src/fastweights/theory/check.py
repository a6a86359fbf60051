"""What a claim is: a sentence, and the numbers that it stands or falls with. Does not import JAX."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from fastweights.theory.plot import Drawing


@dataclass(frozen=True)
class Quantity:
    """A measured number, and the range in which theory puts it.

    Where two computations of one quantity are compared, what is measured is their largest difference, and
    the range ends at the rounding error that is argued for.
    """

    name: str
    measured: float
    lowest: float = -math.inf
    highest: float = math.inf

    @property
    def holds(self) -> bool:
        """Whether the measured number lies in the range; what is no number never does."""
        return bool(self.lowest <= self.measured <= self.highest)


@dataclass(frozen=True)
class Finding:
    """What a check found: at least one quantity, and perhaps a picture of it."""

    quantities: Sequence[Quantity]
    drawing: Drawing | None = None


class Check(ABC):
    """A claim that can be examined. A subclass is a frozen dataclass under `register_check`.

    Its fields are the claim's ingredients, such as the exponent of the decay, with the true ones as
    defaults: so a test can put in a wrong one and see the claim fail. Everything is computed in double
    precision, and from seeds: the same check finds the same numbers.
    """

    claim: ClassVar[str]
    """The claim in one sentence."""

    @abstractmethod
    def examine(self) -> Finding:
        """Compute both sides."""


@dataclass(frozen=True)
class Verdict:
    """A claim, what was found, and whether it holds."""

    name: str
    claim: str
    source: str
    quantities: Sequence[Quantity]
    seconds: float
    error: str | None = None
    """The last line of what the check raised; None if it came to an end."""
    drawing: Drawing | None = field(default=None, repr=False)

    @property
    def holds(self) -> bool:
        """Whether every quantity does, and there is one."""
        return self.error is None and bool(self.quantities) and all(each.holds for each in self.quantities)
