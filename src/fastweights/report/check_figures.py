"""The figures of checks: a check describes its figure as panels, and this module draws them.

matplotlib is imported only when something is drawn.
"""

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
    groups = dict.fromkeys(
        series.group or series.label for panel in panels for series in panel.series if series.kind != "dashed"
    )
    styles = {
        # Where the colours come again, other marks tell their groups apart.
        group: {"color": _COLOURS[i % len(_COLOURS)], "marker": _MARKS[i // len(_COLOURS) % len(_MARKS)]}
        for i, group in enumerate(groups)
    }
    for panel, axes in zip(panels, figure.subplots(1, count, squeeze=False)[0], strict=True):
        _draw_panel(panel, axes, styles)
    return figure


def _draw_panel(panel: Panel, axes: "Axes", styles: Mapping[str, Mapping[str, str]]) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set(xlabel=panel.x_label, ylabel=panel.y_label, xscale=panel.x_scale, yscale=panel.y_scale)
    axes.set_title(panel.title, fontsize=10)
    for axis, scale in ((axes.xaxis, panel.x_scale), (axes.yaxis, panel.y_scale)):
        if scale == "log":  # matplotlib's own labels are formulas, and text stays text in our SVG
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
    for series in panel.series:
        style = styles.get(series.group or series.label, {"color": _COLOURS[-1], "marker": ""})
        _draw_series(series, axes, **style, label=series.label or None)
    if any(series.label for series in panel.series):
        axes.legend(
            frameon=False, fontsize=7.5, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=_COLUMNS
        )


def _draw_series(series: Series, axes: "Axes", marker: str, **style: Any) -> None:
    if series.kind == "band":
        axes.fill_between(series.x, series.y, series.upper, alpha=0.2, linewidth=0, **style)
    else:
        line = {"line": "-", "dashed": "--", "marks": marker}[series.kind]
        axes.plot(series.x, series.y, line, linewidth=1.5, markersize=3.5, **style)
