"""The figure of a record: dots of times by contender, or curves against what varies.

matplotlib comes with the extra `report` and is imported by what draws.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastweights.bench.cases import Case
from fastweights.bench.contenders import CONTENDERS, OURS
from fastweights.bench.curves import SYMBOLS, Curve, curves
from fastweights.bench.measurements import Record
from fastweights.bench.statistics import Spread
from fastweights.report.drawing import GRID, INK, save
from fastweights.report.labels import model_colours, model_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 9.0
_AXIS_LABELS = {
    "hidden_size": "hidden units R",
    "length": "sequence length T",
    "batch_size": "batch",
    "runs": "runs side by side",
}
_LINE, _TOP, _BOTTOM = 0.24, 0.55, 0.55  # inches


def draw(record: Record, svg_path: Path, png_path: Path) -> None:
    """Write the record's figure twice. Raises FileError if a file cannot be written."""
    figure = _scaling if record["kind"] == "scaling" else _comparison
    save(lambda: figure(record), svg_path, png_path)


def _comparison(record: Record) -> "Figure":
    """A line for each contender, grouped by case; dots at medians, bars over the range."""
    from matplotlib.figure import Figure

    comparisons = record["comparisons"]
    models = list(dict.fromkeys(each["case"]["model"] for each in comparisons))
    by_model = {model: [each for each in comparisons if each["case"]["model"] == model] for model in models}
    # As high for every case, so that equal sizes stand side by side.
    block = max(len(each["contenders"]) for each in comparisons) + 1.4
    total = block * max(map(len, by_model.values()))
    height = _TOP + _BOTTOM + _LINE * max(total, 3)
    figure = Figure(figsize=(_WIDTH, height))
    panels = figure.subplots(1, len(models), squeeze=False, sharex=True)[0]
    figure.subplots_adjust(
        left=0.115,
        right=0.985,
        top=1 - _TOP / height,
        bottom=_BOTTOM / height,
        wspace=0.42 if len(models) > 2 else 0.25,
    )
    colours = model_colours(models)
    for ax, model in zip(panels, models, strict=True):
        _draw_model(ax, by_model[model], block, colours[model], _differences(comparisons))
        ax.set_ylim(total - 0.6, -0.6)
        ax.set_title(model_label(model), loc="left", fontweight="bold", fontsize=10, pad=8)
    return figure


def _draw_model(
    ax: "Axes",
    comparisons: Sequence[Record],
    block: float,
    colour: str,
    differences: Sequence[tuple[str, str]],
) -> None:
    from matplotlib.ticker import FuncFormatter

    names: dict[float, str] = {}
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center"}
    for i, each in enumerate(comparisons):
        case = Case(**each["case"])
        title = ", ".join(f"{symbol} = {getattr(case, axis)}" for axis, symbol in differences)
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "fontsize": 8.5, "fontweight": "bold"}
        ax.annotate(title, (0, i * block), (4, 0), **place, **beside)
        for j, (name, one) in enumerate(each["contenders"].items(), 1):
            line, time = i * block + j, Spread.of(one["milliseconds"])
            names[line] = name
            chosen, size = (colour, 6) if name == OURS else (INK, 4.5)
            ax.hlines(line, time.lowest, time.highest, color=chosen, linewidth=2, alpha=0.45)
            ax.plot(time.median, line, "o", color=chosen, markersize=size)
            ax.annotate(_two_digits(time.median), (time.highest, line), (6.5, 0), fontsize=7.5, **beside)
    ax.set_yticks(list(names), [CONTENDERS[name].label for name in names.values()], fontsize=8)
    for tick, name in zip(ax.get_yticklabels(), names.values(), strict=True):
        tick.set_fontweight("bold" if name == OURS else "normal")
    ax.tick_params(axis="y", length=0)
    ax.set_xscale("log")
    ax.margins(x=0.16)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlabel("ms an update")


def _two_digits(value: float) -> str:
    return f"{value:.2f}" if value < 0.995 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def _differences(comparisons: Sequence[Record]) -> list[tuple[str, str]]:
    """The sizes in which the cases differ, with R always."""
    symbols = {**SYMBOLS, "num_pairs": "K"}
    return [
        (axis, symbol)
        for axis, symbol in symbols.items()
        if axis == "hidden_size" or len({each["case"][axis] for each in comparisons}) > 1
    ]


def _scaling(record: Record) -> "Figure":
    """A panel for each size that varies; points measured, lines the power laws at their ends."""
    from matplotlib.figure import Figure

    found = curves(record)
    axes = list(dict.fromkeys(curve.axis for curve in found))
    columns = min(2, max(1, len(axes)))
    lines = max(1, -(-len(axes) // columns))
    height = 0.6 + 3.4 * lines
    figure = Figure(figsize=(_WIDTH, height))
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    figure.subplots_adjust(
        left=0.075, right=0.9, bottom=0.5 / height, top=1 - 0.4 / height, wspace=0.42, hspace=0.32
    )
    colours = model_colours(curve.model for curve in found)
    for ax, axis in zip(panels, axes, strict=False):
        _draw_axis(ax, [curve for curve in found if curve.axis == axis], colours)
    for ax in panels[len(axes) :]:
        ax.set_visible(False)
    return figure


def _draw_axis(ax: "Axes", found: Sequence[Curve], colours: dict[str, str]) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    for curve in found:
        colour, ours = colours[curve.model], curve.contender == OURS
        marker: dict[str, Any] = {
            "markersize": 3.5,
            "markeredgewidth": 0.8,
            "markerfacecolor": colour if ours else "none",
        }
        ax.plot(curve.x, curve.medians, "o", color=colour, **marker)
        law, end = curve.measured, curve.x[-5:]
        style = "-" if ours else (0, (4, 2))
        ax.plot(
            end, [law.factor * x**law.exponent for x in end], color=colour, linewidth=1.4, linestyle=style
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(_AXIS_LABELS[found[0].axis])
    ax.set_ylabel("ms an update")
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    values = sorted({x for curve in found for x in curve.x})
    ax.set_xticks(_ticks(values))
    ax.xaxis.set_minor_locator(NullLocator())
    for each in (ax.xaxis, ax.yaxis):
        each.set_major_formatter(plain)
    _name_curves(ax, found, colours)


def _ticks(values: Sequence[float]) -> list[float]:
    """At most six of the values, evenly spread."""
    step = max(1, -(-len(values) // 6))
    return list(values[::-1][::step])


def _name_curves(ax: "Axes", found: Sequence[Curve], colours: dict[str, str]) -> None:
    """Name and exponent at the right end of each curve, moved apart where two would meet."""
    low, high = ax.get_ylim()
    apart = (high / low) ** 0.1
    place = 0.0
    for curve in sorted(found, key=lambda curve: curve.medians[-1]):
        place = max(curve.medians[-1], place * apart)
        name = model_label(curve.model) + (
            "" if curve.contender == OURS else f",\n{CONTENDERS[curve.contender].label}"
        )
        text = f"{name}: {curve.measured.exponent:.2f}"
        ax.annotate(text, (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=7.5,
                    color=colours[curve.model], annotation_clip=False)  # fmt: skip
