"""One panel of the learning curves: the models of one size."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from fastweights.report.drawing import GRID, INK
from fastweights.studies.analysis.runs import Record, outcome, validation_errors
from fastweights.studies.analysis.settings import Setting
from fastweights.studies.papers import published_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TOP = 180.0  # percent: above every error, with room for the floor's label


def draw_panel(
    ax: "Axes",
    title: str,
    settings: Sequence[Setting],
    colours: Mapping[str, str],
) -> None:
    """The curves of every setting, and the guessing floor."""
    ax.set_title(title, loc="left", fontweight="bold", fontsize=10, pad=8)
    ax.set_xlabel("updates")
    for i, setting in enumerate(settings):
        # Models often lie on the floor together; a later line leaves an edge of an earlier one.
        width = max(2.7 - 0.5 * i, 1.2)
        _draw_model(ax, setting, colours[setting.model], width)
    floor = 100 * settings[0].floor
    ax.axhline(floor, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=3)
    ax.annotate(
        f"guessing floor {floor:.2f} %",
        (1, floor),
        (0, 4),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=8,
    )


def scale(ax: "Axes", validation_count: int) -> None:
    """A logarithmic error axis that also holds 0: linear below the error of one wrong answer."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    lowest = max(min(math.floor(math.log10(100 / validation_count)), 0), -4)
    decades = [10.0**power for power in range(lowest, 2)]
    ax.set_yscale("symlog", linthresh=decades[0], linscale=0.4)
    ax.set_ylim(-0.15 * decades[0], _TOP)
    ax.set_yticks([0.0, *decades, 100.0])
    for tick in (0.0, *decades):  # no line at 100: the floor's label is there
        ax.axhline(tick, color=GRID, linewidth=0.6, zorder=0)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlim(0, max(ax.dataLim.x1, 2))


def mark_published(
    figure: "Figure", ax: "Axes", settings: Sequence[Setting], colours: Mapping[str, str]
) -> list[str]:
    """A triangle at the right margin for each error that a paper published; neighbours stand side by side.

    Returns the names of these papers. The axes must have their final place and scale.
    """
    from matplotlib.transforms import offset_copy

    marks, names = [], []
    for setting in settings:
        published = published_errors(setting.options["task"], setting.model, setting.hidden_size)
        for publication, error in published[:1]:
            names.append(publication.name)
            height = ax.transAxes.inverted().transform(ax.transData.transform((0, error)))[1]
            marks.append((height, colours[setting.model]))
    column, previous = 0, -math.inf
    for height, colour in sorted(marks):
        column = column + 1 if height - previous < 0.05 else 0
        previous = height
        place = offset_copy(ax.transAxes, figure, x=6 + 6.5 * column, units="points")
        ax.plot(
            1,
            height,
            transform=place,
            marker="<",
            markersize=5.5,
            color=colour,
            markeredgewidth=0,
            clip_on=False,
        )
    return names


def mark_failures(ax: "Axes", curves: Sequence[tuple[Record, Mapping[int, float]]], colour: str) -> None:
    """A cross where the curve of a failed run ends."""
    for run, curve in curves:
        if curve and outcome(run) == "failed":
            end = max(curve)
            ax.plot(end, curve[end], color=colour, marker="x", markeredgewidth=1.6, clip_on=False)


def common_points(curves: Sequence[tuple[Record, Mapping[int, float]]]) -> dict[int, list[float]]:
    """The values of all finished runs at each update that they share, in order."""
    finished = [curve for run, curve in curves if curve and outcome(run) == "finished"]
    common = sorted(set.intersection(*map(set, finished))) if finished else []
    return {update: [curve[update] for curve in finished] for update in common}


def _draw_model(ax: "Axes", setting: Setting, colour: str, thick: float) -> None:
    """Thin lines for the seeds and their median, or the only line."""
    curves = [(run, curve) for run in setting.runs if (curve := _percentages(run))]
    width, alpha = (thick, 1.0) if len(curves) == 1 else (0.7, 0.55)
    for _, curve in curves:
        # A curve of one point would be an invisible line.
        dot = "." if len(curve) == 1 else None
        ax.plot(list(curve), list(curve.values()), color=colour, linewidth=width, alpha=alpha, marker=dot)
    mark_failures(ax, curves, colour)
    if setting.finished > 1:
        points = common_points(curves)
        ax.plot(list(points), list(map(median, points.values())), color=colour, linewidth=thick)


def _percentages(run: Record) -> dict[int, float]:
    """Validation error in percent by update."""
    return {update: 100 * error for update, error in validation_errors(run).items()}
