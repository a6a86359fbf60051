"""The figures of checks: a check describes its figure as panels, and this module draws them.

matplotlib is imported only when something is drawn.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastweights.report.drawing import GRID, save
from fastweights.report.labels import logarithmic_tick
from fastweights.theory.check import CheckResult
from fastweights.theory.plot import Panel, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's palette: its colours can be told apart with the common kinds of colour blindness.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8C8C8C", "#24292f")
_MARKS = "osD"
_WIDTH, _HEIGHT, _LINE = 4.4, 3.1, 0.17  # inches, of a panel, and of a line of the legend below it
_COLUMNS = 2  # of a legend
# One for each dashed series of a panel that belongs to no group; they share a colour.
_DASHES: tuple[Any, ...] = ("--", ":", "-.", (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)))


def draw(result: CheckResult, folder: Path) -> list[Path]:
    """Write a check's figure, if it has one, as NAME.svg and NAME.png; returns their paths.

    Raises: FileError if a file cannot be written.
    """
    if not result.panels:
        return []
    paths = [folder / f"{result.name}.{ending}" for ending in ("svg", "png")]
    save(lambda: _draw(result.panels), *paths)
    return paths


def _draw(panels: Sequence[Panel]) -> "Figure":
    from matplotlib.figure import Figure

    count = len(panels)
    entries = max(sum(bool(series.label) for series in panel.series) for panel in panels)
    height = _HEIGHT + _LINE * (-(-entries // _COLUMNS))
    figure = Figure(figsize=(_WIDTH * count, height), layout="constrained")
    styles = styles_of(panels)
    for panel, axes in zip(panels, figure.subplots(1, count, squeeze=False)[0], strict=True):
        draw_panel(panel, axes, styles)
        if any(series.label for series in panel.series):
            axes.legend(
                frameon=False, fontsize=7.5, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=_COLUMNS
            )
    return figure


def styles_of(panels: Sequence[Panel]) -> dict[str, dict[str, str]]:
    """The colour and the mark of each group of series, the same in all panels."""
    groups = dict.fromkeys(
        series.group or series.label for panel in panels for series in panel.series if series.kind != "dashed"
    )
    return {
        # Where the colours come again, other marks tell their groups apart.
        group: {"color": _COLOURS[i % len(_COLOURS)], "marker": _MARKS[i // len(_COLOURS) % len(_MARKS)]}
        for i, group in enumerate(groups)
    }


def draw_panel(
    panel: Panel, axes: "Axes", styles: Mapping[str, Mapping[str, str]], scale: float = 1.0
) -> None:
    """All of a panel but its legend; at another scale, lines, marks and the title are so much larger."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set(xlabel=panel.x_label, ylabel=panel.y_label, xscale=panel.x_scale, yscale=panel.y_scale)
    axes.set_title(panel.title, fontsize=10 * scale)
    for axis, spacing in ((axes.xaxis, panel.x_scale), (axes.yaxis, panel.y_scale)):
        if spacing == "log":  # matplotlib's own labels are formulas, and text stays text in our SVG
            axis.set_major_formatter(FuncFormatter(lambda value, _: logarithmic_tick(value)))
            axis.set_minor_formatter(NullFormatter())
    if panel.image is not None:
        image: Any = axes.imshow(
            panel.image.values,
            aspect="auto",
            interpolation="nearest",
            cmap="cividis",
            extent=panel.image.extent,
            origin="upper" if panel.image.extent is None else "lower",
        )
        if panel.image.label:
            axes.figure.colorbar(image, ax=axes, label=panel.image.label)
    else:
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
    dashes = itertools.cycle(_DASHES)
    for series in panel.series:
        style = styles.get(series.group or series.label)
        dash = next(dashes) if style is None else _DASHES[0]
        style = {"color": _COLOURS[-1], "marker": ""} if style is None else style
        _draw_series(series, axes, **style, dash=dash, scale=scale, label=series.label or None)


def _draw_series(
    series: Series, axes: "Axes", marker: str, dash: Any, scale: float, color: str, label: str | None
) -> None:
    if series.kind == "band":
        axes.fill_between(series.x, series.y, series.upper, alpha=0.2, linewidth=0, color=color, label=label)
        return
    style: Any = {
        "line": {"linestyle": "-"},
        "dashed": {"linestyle": dash},
        "marks": {"linestyle": "none", "marker": marker},
    }[series.kind]
    width, size = 1.5 * scale, 3.5 * scale
    axes.plot(series.x, series.y, linewidth=width, markersize=size, color=color, label=label, **style)
