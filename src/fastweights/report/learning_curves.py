"""Learning curves: validation error against updates, one panel for each hidden size."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from textwrap import fill
from typing import TYPE_CHECKING

from fastweights.report.drawing import GRID, INK
from fastweights.report.error_units import ErrorUnit
from fastweights.report.labels import joined, logarithmic_tick, model_colours, task_label
from fastweights.report.setting_texts import name_text, unit_of
from fastweights.studies.analysis.runs import Record, distinguished, grouped, outcome, validation_errors
from fastweights.studies.analysis.selections import selections
from fastweights.studies.analysis.settings import Setting
from fastweights.studies.papers import published_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _COLUMNS = 9.0, 3  # inches, at 100 pixels each in a README
_TITLE_WIDTH = 99  # characters, of all panels beside each other
_TOP = 180.0  # percent: above every share, with room for the floor's label
_ABOVE_FLOOR, _LOWEST_SQUARE = 6.0, 1e-8  # the range of squared errors


def panels(settings: Sequence[Setting]) -> list[tuple[str, list[Setting]]]:
    """Title and settings for each task and size, in the order of the table."""
    tasks = {task_label(setting.options["task"]): setting.options["task"] for setting in settings}
    alike = grouped(tasks.values(), lambda task: task["name"])
    differences = {
        task_label(task): [name] * (len(alike) > 1) + entries
        for name, variants in alike.items()
        for task, entries in zip(variants, distinguished(variants), strict=True)
    }
    order = list(tasks)
    groups = grouped(settings, lambda s: (order.index(task_label(s.options["task"])), s.hidden_size))
    return [
        (", ".join([f"R = {size}", *differences[order[task]]]), groups[task, size])
        for task, size in sorted(groups)
    ]


def learning_curves(runs: Sequence[Record]) -> "Figure":
    """The selected setting of every model.

    Thin lines are seeds, the thick line their median, a cross the end of a failed run, a triangle at the
    right margin the published test error.
    """
    from matplotlib.figure import Figure

    settings = [selection.reported or selection.selected for selection in selections(runs)]
    if not any(run.get("curve") for run in runs):
        figure = Figure(figsize=(_WIDTH, 1.2))
        figure.text(0.5, 0.5, "No validation error has been recorded yet.", ha="center", va="center", size=11)
        return figure
    shown = panels(settings)
    columns = min(_COLUMNS, len(shown))
    lines = math.ceil(len(shown) / columns)
    shown = [(fill(title, _TITLE_WIDTH // columns), group) for title, group in shown]
    more = 0.17 * max(title.count("\n") for title, _ in shown)  # inches, above each line of panels
    height = 0.75 + (2.75 + more) * lines
    figure = Figure(figsize=(_WIDTH, height))
    kinds = {setting.error_kind for setting in settings}
    axes = list(figure.subplots(lines, columns, sharey=len(kinds) == 1, squeeze=False).flat)
    figure.subplots_adjust(
        left=0.075,
        right=0.965,
        bottom=0.5 / height,
        top=1 - (0.65 + more) / height,
        wspace=0.16 if len(kinds) == 1 else 0.36,
        hspace=0.42 + more / 2,
    )
    validation = max(run["specification"]["data"]["validation"] for run in runs)
    colours = model_colours(setting.name for setting in settings)
    marked: list[str] = []
    for i, ((title, group), ax) in enumerate(zip(shown, axes, strict=False)):
        _draw_panel(ax, title, group, colours)
        _scale(ax, [each for each in settings if each.error_kind == group[0].error_kind], validation)
        if i % columns == 0 or len(kinds) > 1:
            unit = unit_of(group[0])
            ax.set_ylabel(f"validation {unit.name}{', %' * unit.in_percent}")
        else:
            ax.tick_params(left=False)
        marked += _mark_published(figure, ax, group, colours)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    _add_legend(figure, {name_text(setting): colours[setting.name] for setting in settings}, marked)
    return figure


def _add_legend(figure: "Figure", colours: Mapping[str, str], marked: Sequence[str]) -> None:
    """The names above the panels, where they hide nothing."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour, linewidth=2.1, label=name) for name, colour in colours.items()]
    if marked:
        triangle = {"marker": "<", "markersize": 5.5, "markeredgewidth": 0, "linestyle": "none"}
        handles.append(
            Line2D([], [], color=INK, label=f"{joined(dict.fromkeys(marked))}, test error", **triangle)
        )
    place = {"loc": "upper left", "bbox_to_anchor": (0.062, 1.0), "ncols": len(handles), "frameon": False}
    figure.legend(handles=handles, handlelength=1.6, columnspacing=1.8, fontsize=9.5, **place)


def _draw_panel(ax: "Axes", title: str, settings: Sequence[Setting], colours: Mapping[str, str]) -> None:
    """The curves of every setting, and the guessing floor."""
    ax.set_title(title, loc="left", fontweight="bold", fontsize=10, pad=8)
    ax.set_xlabel("updates")
    for i, setting in enumerate(settings):
        # Models often lie on the floor together; a later line leaves an edge of an earlier one.
        width = max(2.7 - 0.5 * i, 1.2)
        _draw_model(ax, setting, colours[setting.name], width)
    unit, error = unit_of(settings[0]), settings[0].validation_floor
    if error > 0 or unit.in_percent:  # a logarithmic axis has no 0
        curves = [validation_errors(run) for setting in settings for run in setting.runs]
        above = any(curve and 1.1 * error < curve[max(curve)] < 3 * error for curve in curves)
        _draw_floor(ax, unit, error, label_below=above)


def _draw_floor(ax: "Axes", unit: ErrorUnit, error: float, *, label_below: bool) -> None:
    """The line and its label, which is below where a curve ends close above it."""
    floor = unit.factor * error
    ax.axhline(floor, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=3)
    ax.annotate(
        f"guessing floor {unit.full(error)}",
        (1, floor),
        (0, -11 if label_below else 4),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=8,
    )


def _scale(ax: "Axes", settings: Sequence[Setting], validation_count: int) -> None:
    """The axes of a panel; the settings are those of all panels with errors of its kind."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    if unit_of(settings[0]).in_percent:
        _scale_shares(ax, validation_count)
    else:
        _scale_squares(ax, settings)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlim(0, max(ax.dataLim.x1, 2))


def _scale_shares(ax: "Axes", validation_count: int) -> None:
    """A logarithmic error axis that also holds 0: linear below the error of one wrong answer."""
    from matplotlib.ticker import FuncFormatter

    lowest = max(min(math.floor(math.log10(100 / validation_count)), 0), -4)
    decades = [10.0**power for power in range(lowest, 2)]
    ax.set_yscale("symlog", linthresh=decades[0], linscale=0.4)
    ax.set_ylim(-0.15 * decades[0], _TOP)
    ax.set_yticks([0.0, *decades, 100.0])
    for tick in (0.0, *decades):  # no line at 100: the floor's label is there
        ax.axhline(tick, color=GRID, linewidth=0.6, zorder=0)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _scale_squares(ax: "Axes", settings: Sequence[Setting]) -> None:
    """A logarithmic error axis from the lowest error to a little above the highest floor: what is far above
    it has diverged. Where all floors are 0, to a little above the highest error."""
    from matplotlib.ticker import FuncFormatter

    floors = [floor for setting in settings if (floor := setting.validation_floor) > 0]
    curves = [validation_errors(run) for setting in settings for run in setting.runs]
    errors = [error for curve in curves for error in curve.values() if error > 0]
    low = max(min([*floors, *errors], default=1.0), _LOWEST_SQUARE)
    high = _ABOVE_FLOOR * max([low, *(floors or errors)])
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    ax.set_yscale("log")
    ax.set_ylim(low / 1.5, high)
    ax.set_yticks([10.0**power for power in powers if 10.0**power >= low / 1.5])
    ax.grid(axis="y", color=GRID, linewidth=0.6, zorder=0)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: logarithmic_tick(value)))


def _mark_published(
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
            marks.append((height, colours[setting.name]))
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
    factor = unit_of(setting).factor
    scaled = [
        (run, {at: factor * error for at, error in validation_errors(run).items()}) for run in setting.runs
    ]
    curves = [(run, curve) for run, curve in scaled if curve]
    width, alpha = (thick, 1.0) if len(curves) == 1 else (0.7, 0.55)
    for _, curve in curves:
        # A curve of one point would be an invisible line.
        dot = "." if len(curve) == 1 else None
        ax.plot(list(curve), list(curve.values()), color=colour, linewidth=width, alpha=alpha, marker=dot)
    mark_failures(ax, curves, colour)
    if setting.finished > 1:
        points = common_points(curves)
        ax.plot(list(points), list(map(median, points.values())), color=colour, linewidth=thick)
