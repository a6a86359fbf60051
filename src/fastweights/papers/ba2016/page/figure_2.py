"""Figure 2 of the paper: test negative log likelihood against updates, with a band across seeds."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from fastweights.papers.ba2016.findings.stages import place_settings
from fastweights.papers.ba2016.names import Stage
from fastweights.report.drawing import GRID, logarithmic_ticks
from fastweights.report.labels import model_colours, model_label
from fastweights.report.learning_curves import common_points, mark_failures
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEAST = 1e-7
"""Nats: where the axis ends at the latest, so that an exact 0 has a place."""


def figure_2_settings(runs: Sequence[Record]) -> dict[str, Setting]:
    """The setting of each model."""
    return {model: setting for (model, _), setting in place_settings(runs, Stage.FIGURE_2).items()}


def losses(run: Record) -> dict[int, float]:
    """Test negative log likelihood in nats by update, where the run followed the test set."""
    points = [(point[0], -point[5]) for point in run.get("curve") or () if len(point) == 6]
    return {at: max(loss, _LEAST) for at, loss in points if math.isfinite(loss)}


def figure_2(models: Mapping[str, Setting]) -> "Figure | None":
    """None if no run has ended. A line is the median of the seeds, a band reaches from the lowest to the
    highest, a cross is where a run failed."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    if not any(losses(run) for setting in models.values() for run in setting.runs):
        return None
    figure = Figure(figsize=(9, 4.1))
    ax = figure.add_axes((0.085, 0.12, 0.88, 0.79))
    colours = model_colours(models)
    for model, seeds in models.items():
        _draw_model(ax, model, seeds, colours[model])
    ax.set_yscale("log")
    ax.set_xlim(0, max(setting.options["training"]["updates"] for setting in models.values()))
    logarithmic_ticks(ax.yaxis)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel("updates")
    ax.set_ylabel("test negative log likelihood, nats")
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=len(models),
        frameon=False,
        handlelength=1.6,
        fontsize=9.5,
    )
    return figure


def _draw_model(ax: "Axes", model: str, seeds: Setting, colour: str) -> None:
    curves = [(run, losses(run)) for run in seeds.runs]
    mark_failures(ax, curves, colour)
    points = common_points(curves)
    updates, values = list(points), list(points.values())
    ax.plot(updates, list(map(median, values)), color=colour, linewidth=1.8, label=model_label(model))
    if seeds.finished > 1:
        ax.fill_between(
            updates, list(map(min, values)), list(map(max, values)), color=colour, alpha=0.2, linewidth=0
        )
