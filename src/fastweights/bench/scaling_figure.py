"""The figure of a scaling record: time against each size that varies."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from fastweights.bench.baselines import BASELINES, OURS
from fastweights.bench.measurements import Record
from fastweights.bench.scaling import Curve, curves
from fastweights.report.drawing import GRID, INK, PAPER
from fastweights.report.labels import model_colours, model_label

_AXIS_LABELS = {
    "hidden_size": "hidden units R",
    "num_pairs": "sequence length T",
    "batch_size": "batch",
    "runs": "runs side by side",
}


def scaling_figure(record: Record) -> Figure:
    """A panel for each size that varies; points measured, lines the power laws at their ends."""
    shown = curves(record)
    axes = list(dict.fromkeys(curve.axis for curve in shown))
    columns = min(2, max(1, len(axes)))
    lines = max(1, math.ceil(len(axes) / columns))
    figure = Figure(figsize=(9.0, 0.6 + 3.4 * lines), layout="constrained")
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    colours = model_colours(curve.model for curve in shown)
    _add_legend(figure, shown, colours)
    for ax, axis in zip(panels, axes, strict=False):
        _draw_axis(ax, [curve for curve in shown if curve.axis == axis], colours)
    for ax in panels[len(axes) :]:
        ax.set_visible(False)
    return figure


def _draw_axis(ax: Axes, shown: Sequence[Curve], colours: dict[str, str]) -> None:
    for curve in shown:
        style: dict[str, Any] = {"color": colours[curve.model], **_style(curve.baseline)}
        dots = style | {"linestyle": "none", "marker": "o", "markersize": 3.5, "markeredgewidth": 0.8}
        ax.plot(curve.x, curve.medians, **dots)
        (exponent, factor), end = curve.power, curve.x[-5:]
        ax.plot(end, [factor * x**exponent for x in end], linewidth=1.4, **style)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(_AXIS_LABELS[shown[0].axis])
    ax.set_ylabel("ms an update")
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    values = sorted({x for curve in shown for x in curve.x})
    ax.set_xticks(values[:: -max(1, math.ceil(len(values) / 6))])  # at most six, evenly spread
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(plain)
    _print_exponents(ax, shown, colours)


def _print_exponents(ax: Axes, shown: Sequence[Curve], colours: dict[str, str]) -> None:
    """The exponent at the right end of each curve, moved apart where two would meet."""
    low, high = ax.get_ylim()
    apart, place = (high / low) ** 0.06, 0.0
    for curve in sorted(shown, key=lambda curve: curve.medians[-1]):
        place = max(curve.medians[-1], place * apart)
        where: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 8}
        ax.annotate(
            f"{curve.power[0]:.2f}", (1.02, place), color=colours[curve.model], annotation_clip=False, **where
        )


def _add_legend(figure: Figure, shown: Sequence[Curve], colours: dict[str, str]) -> None:
    """Models by colour, baselines by filling, above the panels."""
    dot: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 5}
    handles = [
        Line2D([], [], color=colours[model], label=model_label(model), **dot)
        for model in dict.fromkeys(curve.model for curve in shown)
    ]
    for baseline in dict.fromkeys(curve.baseline for curve in shown):
        style = _style(baseline)
        handles.append(
            Line2D([], [], color=INK, label=BASELINES[baseline].label, linewidth=1.4, **dot | style)
        )
    handles.append(Line2D([], [], linestyle="none", label="numbers: exponents of the lines"))
    place: dict[str, Any] = {"loc": "outside upper left", "ncols": len(handles), "frameon": False}
    figure.legend(handles=handles, handlelength=1.8, columnspacing=1.4, fontsize=9, **place)


def _style(baseline: str) -> dict[str, Any]:
    """Filled dots and whole lines are the library's."""
    if baseline == OURS:
        return {"linestyle": "-"}
    return {"linestyle": (0, (4, 2)), "markerfacecolor": PAPER}
