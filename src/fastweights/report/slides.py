"""Figures to project: 16:9, with large type; PNG of 2560 × 1440, or SVG.

matplotlib is imported only when something is drawn.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fastweights.errors import check
from fastweights.report.check_figures import draw_panel, styles_of
from fastweights.report.drawing import save
from fastweights.theory.plot import Panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 12.8, 7.2  # inches
_SCALE = 2.0  # of type and lines, against the figures of documents
_ENDINGS = ".png", ".svg"


def check_ending(path: Path) -> None:
    """Raise InvalidValueError unless the file's name ends in .png or .svg."""
    check(path.suffix.lower() in _ENDINGS, f"the figure's name must end in .png or .svg; got {path.name!r}")


def project(panels: Sequence[Panel], note: str, path: Path) -> None:
    """Draw the panels beside each other, with the note below them.

    Raises: InvalidValueError for another ending than .png or .svg; FileError if the file cannot be written.
    """
    check_ending(path)
    save(lambda: _draw(panels, note), path)


def _draw(panels: Sequence[Panel], note: str) -> "Figure":
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    scale = _SCALE if len(panels) == 1 else 0.8 * _SCALE
    with rc_context({"font.size": 9 * scale, "lines.linewidth": 1.5 * scale, "axes.linewidth": 0.8 * scale}):
        figure = Figure(figsize=_SIZE, layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
        styles = styles_of(panels)
        for panel, axes in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
            draw_panel(panel, axes, styles, scale)
            if any(series.label for series in panel.series):
                place = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
                if len(panels) > 1:
                    place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14)}
                axes.legend(frameon=False, fontsize=8 * scale, **place)
        figure.supxlabel(note, fontsize=7.5 * scale)
    return figure
