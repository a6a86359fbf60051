"""A picture as data: what a check hands to whoever draws it. This module does not import JAX."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[Any]


@dataclass(frozen=True)
class Series:
    """Points (x, y), drawn as a line, as marks, or as a band between y and `upper`."""

    label: str
    x: Numbers
    y: Numbers
    kind: Literal["line", "dashed", "marks", "band"] = "line"
    upper: Numbers = ()
    group: str = ""
    """Series of one group have one colour; by default their label is their group."""


@dataclass(frozen=True)
class Image:
    """A matrix of numbers as colours; rows from the top, or from the bottom where an extent is given."""

    values: Sequence[Sequence[float]]
    label: str = ""
    """Of the colour bar; none without."""
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


@dataclass(frozen=True)
class Drawing:
    """Panels beside each other."""

    panels: Sequence[Panel]
