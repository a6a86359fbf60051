"""The look of every figure, and how one is written: equal contents give equal bytes.

matplotlib comes with the extra `report` and is imported by what draws.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastweights.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER = "#ffffff"
"""The background; the report's page replaces it, and the panels' colours, by its own."""

INK, GRID, ALARM = "#24292f", "#d8dee4", "#a40e26"

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fastweights",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial"],
    "font.size": 9,
    "text.parse_math": False,  # a dollar sign in a name is no formula
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def save(draw: Callable[[], "Figure"], svg_path: Path, png_path: Path) -> None:
    """Draw once, and write the figure twice.

    Raises: FileError if a file cannot be written.
    """
    from matplotlib import rc_context

    with rc_context(_STYLE):
        figure = draw()
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", facecolor=PAPER, metadata={"Date": None})
        # Not compressed: it is read again at once.
        figure.savefig(png, format="png", facecolor=PAPER, dpi=200, pil_kwargs={"compress_level": 0})
    write_atomically(svg_path, svg.getvalue())
    write_atomically(png_path, _fewer_colours(png))


def _fewer_colours(png: io.BytesIO) -> bytes:
    """The same picture in 128 colours: a third of the size, for a README."""
    from PIL import Image

    smaller = io.BytesIO()
    Image.open(png).convert("RGB").quantize(128).save(smaller, format="PNG", optimize=True)
    return smaller.getvalue()
