"""What the paper leaves open, drawn: a row of dots for each value; pairs and inner steps."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from fastweights.papers.ba2016.names import DEFAULTS, PAIRS, STEPS
from fastweights.papers.ba2016.page.ablation_tables import numbered
from fastweights.report.drawing import ALARM, GRID, INK, logarithmic_ticks
from fastweights.report.labels import model_colours, model_label
from fastweights.studies.analysis.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Variants = Mapping[tuple[str, str], Setting]
"""By choice and value."""

_LINE = 0.165  # inches, of a row


def ablations_figure(models: Mapping[str, Variants]) -> "Figure | None":
    """Updates to 1 % and final test error of every choice of every model. None if no run has ended."""
    from matplotlib.figure import Figure

    # Other numbers of pairs are other tasks: they have a figure of their own.
    models = {
        model: {what: setting for what, setting in variants.items() if what[0] != PAIRS}
        for model, variants in models.items()
    }
    settings = [setting for variants in models.values() for setting in variants.values()]
    if not any(setting.ended() for setting in settings):
        return None
    rows = sum(len(variants) + 2 for variants in models.values())
    height = _LINE * rows + 0.85
    figure = Figure(figsize=(9, height))
    below_titles = 1 - 0.85 / height
    paces, errors = (figure.add_axes((left, 0.05 / height, 0.27, below_titles)) for left in (0.40, 0.70))
    panels = list(zip((paces, errors), (_UPDATES, _ERRORS), strict=True))
    for ax, (title, values, text) in panels:
        _log_axis(ax, "x", [values(setting) for setting in settings], text)
        ax.set_ylim(rows - 0.3, -0.3)
        ax.set_title(title, fontweight="bold", fontsize=9.5, pad=22)
        ax.xaxis.tick_top()
        ax.set_yticks([])
        _quiet(ax, "x", pad=2)
        ax.spines[:].set_visible(False)
    colours, y = model_colours(models), 0
    for model, variants in models.items():
        where = paces.get_yaxis_transform()  # in x a share of the panel
        paces.text(-1.46, y + 1, model_label(model), transform=where, fontweight="bold", fontsize=10)
        y += 2
        for ax, (_, values, _) in panels:
            _draw_rows(ax, y, [values(setting) for setting in variants.values()], colours[model])
            base = variants.get((DEFAULTS, ""))
            middle = _median(values(base)) if base else math.inf
            if math.isfinite(middle):
                end = y + len(variants) - 0.5
                ax.vlines(middle, y - 0.5, end, color=INK, linewidth=0.8, linestyles=(0, (3, 3)))
        previous = ""
        for i, ((choice, value), setting) in enumerate(variants.items()):
            if choice != previous:
                paces.text(-1.46, y + i, choice, transform=where, va="center", fontsize=8)
                paces.axhline(y + i - 0.5, xmin=-1.46, xmax=2.1, color=GRID, linewidth=0.5, clip_on=False)
            paces.text(-0.78, y + i, value, transform=where, va="center", fontsize=8)
            previous = choice
            if setting.failed:
                at = errors.get_yaxis_transform()
                errors.plot(1.06, y + i, "x", transform=at, clip_on=False, **_CROSS)
        y += len(variants)
    _add_legend(figure, any(setting.failed for setting in settings))
    return figure


def _draw_rows(ax: "Axes", y: float, values: Sequence[Sequence[float]], colour: str) -> None:
    """Dots for each setting, one below the other, and a mark at their median; what is infinite at the end."""
    end = ax.get_xlim()[1]
    points = [(min(value, end), y + i) for i, row in enumerate(values) for value in row]
    ax.plot([x for x, _ in points], [row for _, row in points], "o", color=colour, clip_on=False, **_DOT)
    middles = [(_median(row), y + i) for i, row in enumerate(values) if math.isfinite(_median(row))]
    ax.plot([x for x, _ in middles], [row for _, row in middles], "|", color=colour, clip_on=False, **_MARK)


def _add_legend(figure: "Figure", any_failed: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="none", marker="o", color=INK, label="a seed", **_DOT),
        Line2D([], [], linestyle="none", marker="|", color=INK, label="their median", **_MARK),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (3, 3)), label="the defaults"),
    ]
    if any_failed:
        handles.append(Line2D([], [], linestyle="none", marker="x", label="a seed failed", **_CROSS))
    figure.legend(handles=handles, loc="upper left", frameon=False, fontsize=8, borderpad=0.2)


def pairs_and_steps_figure(variants: Variants) -> "Figure | None":
    """Error and updates to 1 % by the number of pairs K and of inner steps S. None if no run has ended."""
    from matplotlib.figure import Figure

    choices = {
        PAIRS: numbered(variants, PAIRS, "task", "num_pairs"),
        STEPS: numbered(variants, STEPS, "model", "cell", "inner_steps"),
    }
    choices = {name: settings for name, settings in choices.items() if any(s.ended() for _, s in settings)}
    if not choices:
        return None
    figure = Figure(figsize=(9, 2.7), layout="constrained")
    axes = iter(figure.subplots(1, 2 * len(choices), squeeze=False)[0])
    for name, settings in choices.items():
        for title, values, text in (_ERRORS, _UPDATES):
            ax, columns = next(axes), [values(setting) for _, setting in settings]
            floors = [setting.floor for _, setting in settings] if values is _errors else []
            _log_axis(ax, "y", [*columns, floors], text)
            if floors:
                ax.plot(range(len(floors)), floors, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
                at = len(floors) - 1, floors[-1]
                ax.annotate(
                    "guessing floor", at, (0, 3), textcoords="offset points", ha="right", fontsize=7.5
                )
            _draw_columns(ax, columns)
            ax.set_title(title, loc="left", fontweight="bold", fontsize=9.5, pad=8)
            ax.set(xlabel=name, xlim=(-0.6, len(settings) - 0.4))
            ax.set_xticks(range(len(settings)), [str(number) for number, _ in settings])
            _quiet(ax, "y")
    return figure


def _draw_columns(ax: "Axes", values: Sequence[Sequence[float]]) -> None:
    """Dots for the seeds, a line through their medians; what is infinite at the top."""
    colour, top = model_colours([])["fast-weights"], ax.get_ylim()[1]
    points = [(x, min(value, top)) for x, column in enumerate(values) for value in column]
    ax.plot([x for x, _ in points], [value for _, value in points], "o", color=colour, clip_on=False, **_DOT)
    medians = [_median(column) for column in values]
    ax.plot(range(len(medians)), [m if math.isfinite(m) else math.nan for m in medians], color=colour)


def _quiet(ax: "Axes", lines: Literal["x", "y"], **ticks: Any) -> None:
    """Thin lines across one axis, no ticks."""
    ax.tick_params(length=0, labelsize=8, **ticks)
    ax.grid(axis=lines, color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)


def _log_axis(
    ax: "Axes", which: str, values: Sequence[Sequence[float]], text: Callable[[float], str]
) -> None:
    """A logarithmic axis with room for these numbers; if one is infinite, it ends in `never`."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    finite = [value for value in chain(*values) if math.isfinite(value)]
    low, high = min(finite, default=1.0), max(finite, default=10.0)
    room = max((high / low) ** 0.05, 1.1)
    low, high = low / room, high * room
    axis = ax.xaxis if which == "x" else ax.yaxis
    ax.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
    logarithmic_ticks(axis, text)
    if any(math.isinf(value) for value in chain(*values)):
        never = high * max((high / low) ** 0.12, 1.2)
        ticks = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
        ax.set(**{f"{which}lim": (low, never)})
        axis.set_major_locator(FixedLocator([*ticks, never]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: "never" if value == never else text(value)))


def _errors(setting: Setting) -> list[float]:
    """Test errors on a logarithmic axis: half an error where there was none."""
    results = [run["result"] for run in setting.ended("finished")]
    return [max(result["test_error"], 0.5 / max(result["test_count"], 1)) for result in results]


def _median(values: Sequence[float]) -> float:
    """Infinite if there are no values."""
    return median(values) if values else math.inf


_DOT: dict[str, Any] = {"markersize": 4, "markeredgewidth": 0, "alpha": 0.5}
_MARK: dict[str, Any] = {"markersize": 9, "markeredgewidth": 1.8}
_CROSS: dict[str, Any] = {"color": ALARM, "markersize": 5, "markeredgewidth": 1.5}
_UPDATES = "updates to 1 %", attrgetter("updates_to_goal_by_run"), lambda pace: f"{pace:,.0f}"
_ERRORS = "test error, %", _errors, lambda error: f"{100 * error:g}"
