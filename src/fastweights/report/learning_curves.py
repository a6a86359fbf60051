"""Learning curves: validation error against updates, one panel for each hidden size."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from textwrap import fill
from typing import TYPE_CHECKING, Any

from fastweights.report.drawing import INK
from fastweights.report.error_axes import draw_floor, scale
from fastweights.report.labels import joined, model_colours, model_dashes, task_label
from fastweights.report.setting_texts import name_text, unit_of
from fastweights.studies.analysis.runs import Record, distinguished, grouped, outcome, validation_errors
from fastweights.studies.analysis.selections import selections
from fastweights.studies.analysis.settings import Setting
from fastweights.studies.papers import published_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _COLUMNS = 9.0, 3  # inches, at 100 pixels each in a README
_FEW = 6  # models, whose seeds can be told apart in one panel
_TITLE_WIDTH = 99  # characters, of all panels beside each other
_Line = Mapping[str, Any]  # its colour and its dashes, as matplotlib names them


def panels(settings: Sequence[Setting]) -> list[tuple[str, list[Setting]]]:
    """Title and settings for each task, in the order of the table, and for each size where a model has more
    than one: sizes that differ between models only were chosen to compare these."""
    tasks = {task_label(setting.options["task"]): setting.options["task"] for setting in settings}
    alike = grouped(tasks.values(), lambda task: task["name"])
    differences = {
        task_label(task): [name] * (len(alike) > 1) + entries
        for name, variants in alike.items()
        for task, entries in zip(variants, distinguished(variants), strict=True)
    }
    order = list(tasks)
    models = grouped(settings, lambda s: (order.index(task_label(s.options["task"])), s.name))
    by_size = any(len({setting.hidden_size for setting in group}) > 1 for group in models.values())
    groups = grouped(
        settings, lambda s: (order.index(task_label(s.options["task"])), s.hidden_size if by_size else 0)
    )
    return [
        (", ".join([_sizes(groups[place]), *differences[order[place[0]]]]), groups[place])
        for place in sorted(groups)
    ]


def _sizes(settings: Sequence[Setting]) -> str:
    """`R = 20`, or `R = 11 to 64`."""
    sizes = sorted({setting.hidden_size for setting in settings})
    return f"R = {' to '.join(map(str, dict.fromkeys([sizes[0], sizes[-1]])))}"


def learning_curves(runs: Sequence[Record]) -> "Figure":
    """The selected setting of every model.

    Models that share a colour differ in their dashes. Thin lines are seeds, the thick line their median, a
    cross the end of a failed run, a triangle at the right margin the published test error.
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
    names = [setting.name for setting in settings]
    colours, dashes = model_colours(names), model_dashes(names)
    lines_of = {name: {"color": colours[name], "linestyle": (0, dashes[name] or None)} for name in names}
    figure = Figure(figsize=(_WIDTH, 1))
    labelled = {name_text(setting): lines_of[setting.name] for setting in settings}
    legend = _add_legend(figure, labelled, _papers(settings))
    more = 0.17 * max(title.count("\n") for title, _ in shown)  # inches, above each line of panels
    height = legend + 0.51 + (2.75 + more) * lines
    figure.set_size_inches(_WIDTH, height)
    kinds = {setting.error_kind for setting in settings}
    axes = list(figure.subplots(lines, columns, sharey=len(kinds) == 1, squeeze=False).flat)
    figure.subplots_adjust(
        left=0.075,
        right=0.965,
        bottom=0.5 / height,
        top=1 - (legend + 0.41 + more) / height,
        wspace=0.16 if len(kinds) == 1 else 0.36,
        hspace=0.42 + more / 2,
    )
    validation = max(run["specification"]["data"]["validation"] for run in runs)
    for i, ((title, group), ax) in enumerate(zip(shown, axes, strict=False)):
        _draw_panel(ax, title, group, lines_of)
        scale(ax, [each for each in settings if each.error_kind == group[0].error_kind], validation)
        if i % columns == 0 or len(kinds) > 1:
            unit = unit_of(group[0])
            ax.set_ylabel(f"validation {unit.name}{', %' * unit.in_percent}")
        else:
            ax.tick_params(left=False)
        _mark_published(figure, ax, group, colours)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    return figure


def _published(setting: Setting) -> list[tuple[str, float]]:
    """The first paper that published an error, and the error; nothing if none did."""
    published = published_errors(setting.options["task"], setting.model, setting.hidden_size)
    return [(publication.name, error) for publication, error in published[:1]]


def _papers(settings: Sequence[Setting]) -> list[str]:
    return list(dict.fromkeys(name for setting in settings for name, _ in _published(setting)))


def _add_legend(figure: "Figure", lines: Mapping[str, _Line], papers: Sequence[str]) -> float:
    """The names above the panels, where they hide nothing; returns how high they are, in inches."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], linewidth=2.1, label=name, **line) for name, line in lines.items()]
    if papers:
        triangle = {"marker": "<", "markersize": 5.5, "markeredgewidth": 0, "linestyle": "none"}
        handles.append(Line2D([], [], color=INK, label=f"{joined(papers)}, test error", **triangle))
    place = {"loc": "upper left", "bbox_to_anchor": (0.062, 1.0), "frameon": False}
    dashed = any(line["linestyle"][1] for line in lines.values())
    look = {"handlelength": 3.0 if dashed else 1.6, "columnspacing": 1.8, "fontsize": 9.5}
    columns = len(handles)
    legend = figure.legend(handles=handles, ncols=columns, **look, **place)
    while legend.get_window_extent().x1 > figure.bbox.x1 and columns > 1:
        legend.remove()
        columns -= 1
        legend = figure.legend(handles=handles, ncols=columns, **look, **place)
    return legend.get_window_extent().height / figure.dpi


def _draw_panel(ax: "Axes", title: str, settings: Sequence[Setting], lines: Mapping[str, _Line]) -> None:
    """The curves of every setting, and the guessing floor."""
    ax.set_title(title, loc="left", fontweight="bold", fontsize=10, pad=8)
    ax.set_xlabel("updates")
    faint = 0.55 if len(settings) <= _FEW else 0.25
    for i, setting in enumerate(settings):
        # Models often lie on the floor together; a later line leaves an edge of an earlier one.
        width = max(2.7 - 0.5 * i, 1.2)
        _draw_model(ax, setting, lines[setting.name], width, faint)
    unit, error = unit_of(settings[0]), settings[0].validation_floor
    if error > 0 or unit.in_percent:  # a logarithmic axis has no 0
        curves = [validation_errors(run) for setting in settings for run in setting.runs]
        above = any(curve and 1.1 * error < curve[max(curve)] < 3 * error for curve in curves)
        draw_floor(ax, unit, error, label_below=above)


def _mark_published(
    figure: "Figure", ax: "Axes", settings: Sequence[Setting], colours: Mapping[str, str]
) -> None:
    """A triangle at the right margin for each error that a paper published; neighbours stand side by side.

    The axes must have their final place and scale.
    """
    from matplotlib.transforms import offset_copy

    marks = []
    for setting in settings:
        for _, error in _published(setting):
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


def _draw_model(ax: "Axes", setting: Setting, line: _Line, thick: float, faint: float) -> None:
    """Thin lines for the seeds and their median, or the only line."""
    factor = unit_of(setting).factor
    scaled = [
        (run, {at: factor * error for at, error in validation_errors(run).items()}) for run in setting.runs
    ]
    curves = [(run, curve) for run, curve in scaled if curve]
    width, alpha = (thick, 1.0) if len(curves) == 1 else (0.7, faint)
    for _, curve in curves:
        # A curve of one point would be an invisible line.
        dot = "." if len(curve) == 1 else None
        ax.plot(list(curve), list(curve.values()), linewidth=width, alpha=alpha, marker=dot, **line)
    mark_failures(ax, curves, line["color"])
    if setting.finished > 1:
        points = common_points(curves)
        ax.plot(list(points), list(map(median, points.values())), linewidth=thick, **line)
