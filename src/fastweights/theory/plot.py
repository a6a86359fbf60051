"""A figure as data: its panels, beside each other. Does not import JAX or matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[Any]


@dataclass(frozen=True)
class Series:
    """Points (x, y), drawn as a line, as markers, or as a band between y and `upper`."""

    label: str
    x: Numbers
    y: Numbers
    kind: Literal["line", "dashed", "marks", "band"] = "line"
    upper: Numbers = ()
    group: str = ""
    """Series of a group share a colour; the default group is the label."""


@dataclass(frozen=True)
class Image:
    """A matrix of numbers as colours; rows from the top, or from the bottom where an extent is given."""

    values: Sequence[Sequence[float]] | NDArray[Any]
    label: str = ""
    """Of the colour bar; without a label there is none."""
    extent: tuple[float, float, float, float] | None = None
    """Left, right, bottom and top, where rows and columns are coordinates."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series] = ()
    image: Image | None = None
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
