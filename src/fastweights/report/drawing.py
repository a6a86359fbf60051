"""The look of every figure, and how one is written: equal contents give equal bytes.

matplotlib is imported by what draws, so that nothing else waits for it.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastweights.files import write_atomically
from fastweights.report.labels import logarithmic_tick

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap
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


def save(draw: Callable[[], "Figure | None"], *paths: Path) -> bool:
    """Draw once, and write the figure as SVG or PNG, whichever each path ends in. False, and nothing is
    written, if there is nothing to draw.

    Raises: FileError if a file cannot be written.
    """
    from matplotlib import rc_context

    with rc_context(_STYLE):
        figure = draw()
        if figure is None:
            return False
        for path in paths:
            file = io.BytesIO()
            if path.suffix == ".svg":
                figure.savefig(file, format="svg", facecolor=PAPER, metadata={"Date": None})
                write_atomically(path, file.getvalue())
            else:  # not compressed: it is read again at once
                figure.savefig(file, format="png", facecolor=PAPER, dpi=200, pil_kwargs={"compress_level": 0})
                write_atomically(path, _fewer_colours(file))
    return True


def logarithmic_ticks(axis: "Axis", text: Callable[[float], str] = logarithmic_tick) -> None:
    """Ticks of a logarithmic axis whose limits are set: powers of ten, and others where these are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = sorted(axis.get_view_interval())
    fine = (1.0, 3.0) if high > 10 * low else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    steps = (1.0,) if high > 100 * low else fine
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


def opacities(colour: str) -> "Colormap":
    """From transparent to the full colour."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    return LinearSegmentedColormap.from_list("opacities", [(*to_rgb(colour), 0.0), (*to_rgb(colour), 1.0)])


def _fewer_colours(png: io.BytesIO) -> bytes:
    """The same picture in 128 colours: a third of the size, for a README."""
    from PIL import Image

    smaller = io.BytesIO()
    Image.open(png).convert("RGB").quantize(128).save(smaller, format="PNG", optimize=True)
    return smaller.getvalue()
