"""Learning curves: validation error against updates, one panel for each hidden size."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastweights.report.drawing import INK, legend_above
from fastweights.report.labels import distinguished, joined, model_colours, model_label, task_label
from fastweights.report.learning_curve_panel import draw_panel, mark_published, scale
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting, selections

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _COLUMNS = 9.0, 3  # inches, at 100 pixels each in a README


def panels(settings: Sequence[Setting]) -> list[tuple[str, list[Setting]]]:
    """Title and settings for each task and size, in the order of the table."""
    tasks = {task_label(setting.options["task"]): setting.options["task"] for setting in settings}
    differences = distinguished(list(tasks.values()))
    groups: dict[tuple[int, int], list[Setting]] = {}
    for setting in settings:
        place = list(tasks).index(task_label(setting.options["task"])), setting.hidden_size
        groups.setdefault(place, []).append(setting)
    return [
        (", ".join([f"R = {size}", *differences[task]]), groups[task, size]) for task, size in sorted(groups)
    ]


def learning_curves(runs: Sequence[Record]) -> "Figure":
    """The selected setting of every model.

    Thin lines are seeds, the thick line their median, a cross the end of a failed run, a triangle at the
    right margin the published test error.
    """
    from matplotlib.figure import Figure

    settings = [selection.selected for selection in selections(runs)]
    if not any(run.get("curve") for run in runs):
        figure = Figure(figsize=(_WIDTH, 1.2))
        figure.text(0.5, 0.5, "No validation error has been recorded yet.", ha="center", va="center", size=11)
        return figure
    shown = panels(settings)
    columns = min(_COLUMNS, len(shown))
    lines = math.ceil(len(shown) / columns)
    height = 0.75 + 2.75 * lines
    figure = Figure(figsize=(_WIDTH, height))
    axes = list(figure.subplots(lines, columns, sharey=True, squeeze=False).flat)
    figure.subplots_adjust(
        left=0.075, right=0.965, bottom=0.5 / height, top=1 - 0.65 / height, wspace=0.16, hspace=0.42
    )
    validation = max(run["specification"]["data"]["validation"] for run in runs)
    colours = model_colours(setting.model for setting in settings)
    marked: list[str] = []
    for i, ((title, group), ax) in enumerate(zip(shown, axes, strict=False)):
        draw_panel(ax, title, group, colours)
        scale(ax, validation)
        if i % columns == 0:
            ax.set_ylabel("validation error, %")
        else:
            ax.tick_params(left=False)
        marked += mark_published(figure, ax, group, colours)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    _add_legend(figure, {setting.model: colours[setting.model] for setting in settings}, marked)
    return figure


def _add_legend(figure: "Figure", colours: Mapping[str, str], marked: Sequence[str]) -> None:
    """The names above the panels, where they hide nothing."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linewidth=2.1, label=model_label(model))
        for model, colour in colours.items()
    ]
    if marked:
        triangle = {"marker": "<", "markersize": 5.5, "markeredgewidth": 0, "linestyle": "none"}
        handles.append(
            Line2D([], [], color=INK, label=f"{joined(dict.fromkeys(marked))}, test error", **triangle)
        )
    legend_above(figure, handles, 0.062, handlelength=1.6, columnspacing=1.8, fontsize=9.5)
