"""What a demonstration is: knobs, graphs with what was measured and what theory expects, and a sentence."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import numpy as np

from fastweights.theory.plot import Numbers, Panel, Series


@dataclass(frozen=True)
class Curve:
    """What was measured at each x, and what theory expects there; NaN where it expects nothing."""

    name: str
    x: Numbers
    y: Numbers
    standard_error: Numbers = ()
    """Of y, where it is a mean."""
    theory: Numbers = ()
    joined: bool = False
    """Drawn as a line, and theory dashed; else as marks, and theory as a line."""

    def series(self) -> list[Series]:
        """What is drawn of it, in one colour."""
        kind, expected = ("line", "dashed") if self.joined else ("marks", "line")
        drawn = [Series(self.name, self.x, self.y, kind, group=self.name)]
        if len(self.theory):
            drawn.append(Series("", self.x, self.theory, expected, group=self.name))
        return drawn


@dataclass(frozen=True)
class Graph:
    """One pair of axes: curves, and lines that help to read them."""

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    guides: Sequence[Series] = ()
    y_scale: Literal["linear", "log"] = "linear"
    expectation: str = "theory"
    """What the numbers are to which the curves are compared."""

    def panel(self) -> Panel:
        """The graph as what `fastweights.report` draws."""
        series = [series for curve in self.curves for series in curve.series()]
        return Panel(self.title, self.x_label, self.y_label, [*series, *self.guides], y_scale=self.y_scale)


@dataclass(frozen=True)
class Demonstration:
    """What a demo has measured."""

    graphs: Sequence[Graph]
    note: str
    """What marks and lines are."""
    seen: str
    """What one sees, in a sentence with numbers."""


class Demo(ABC):
    """A demonstration with knobs. A subclass is a frozen dataclass under `register_demo`; its fields are the
    options of `fastweights demo NAME`, and `__post_init__` checks their ranges.

    Example:
        @register_demo("geometric", source="Euclid, Elements IX.35")
        @dataclass(frozen=True)
        class Geometric(Demo):
            statement = "Powers of a number below 1 vanish."
            ratio: float = 0.5

            def measure(self) -> Demonstration:
                n = np.arange(10)
                curve = Curve("ratioⁿ", n, self.ratio**n)
                graph = Graph("Powers", "n", "power", [curve])
                return Demonstration([graph], "line: computed", f"the last is {curve.y[-1]:.3g}")
    """

    statement: ClassVar[str]
    """What is shown, in one sentence."""

    @abstractmethod
    def measure(self) -> Demonstration:
        """Compute it, from the seed among the knobs: equal knobs give equal numbers."""

    def demonstrate(self) -> Demonstration:
        """`measure` in double precision, as the checks of the theory compute."""
        with jax.enable_x64(True):
            return self.measure()


def counts_up_to(most: int, *, points: int = 24, also: Sequence[int] = ()) -> list[int]:
    """About so many whole numbers from 1 to `most`, evenly spread, and those of `also` in between."""
    spread = np.unique(np.round(np.linspace(1, most, min(points, most))).astype(int)).tolist()
    return sorted({*spread, *(number for number in also if 1 <= number <= most)})
