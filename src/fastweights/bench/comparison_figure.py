"""The figure of a record; here that of a comparison: dots of times by baseline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from fastweights.bench.baselines import BASELINES, OURS
from fastweights.bench.cases import Case
from fastweights.bench.measurements import Record, timings_of
from fastweights.bench.scaling import SYMBOLS
from fastweights.bench.scaling_figure import scaling_figure
from fastweights.bench.statistics import Spread
from fastweights.report.drawing import GRID, INK, save
from fastweights.report.labels import model_colours, model_label

_SYMBOLS = {**SYMBOLS, "num_pairs": "K"}


def draw(record: Record, svg_path: Path, png_path: Path) -> None:
    """Write the record's figure twice. Raises FileError if a file cannot be written."""
    figure = scaling_figure if record["kind"] == "scaling" else comparison_figure
    save(lambda: figure(record), svg_path, png_path)


def comparison_figure(record: Record) -> Figure:
    """A line for each baseline, grouped by case; dots at medians, bars over the range."""
    comparisons = record["comparisons"]
    by_model: dict[str, list[Record]] = {}
    for comparison in comparisons:
        by_model.setdefault(comparison["case"]["model"], []).append(comparison)
    models = list(by_model)
    # As high for every case, so that equal sizes stand side by side.
    block = max(len(timings_of(comparison)) for comparison in comparisons) + 1.4
    total = block * max(map(len, by_model.values()))
    figure = Figure(figsize=(9.0, 1.1 + 0.24 * max(total, 3)), layout="constrained")
    panels = figure.subplots(1, len(models), squeeze=False, sharex=True)[0]
    colours = model_colours(models)
    # The sizes in which the cases differ, with R always.
    varied = {axis for axis in _SYMBOLS if len({comparison["case"][axis] for comparison in comparisons}) > 1}
    symbols = {axis: _SYMBOLS[axis] for axis in _SYMBOLS if axis in {"hidden_size", *varied}}
    for ax, model in zip(panels, models, strict=True):
        _draw_model(ax, by_model[model], block, colours[model], symbols)
        ax.set_ylim(total - 0.6, -0.6)
        ax.set_title(model_label(model), loc="left", fontweight="bold", fontsize=10, pad=8)
    return figure


def _draw_model(
    ax: Axes, comparisons: Sequence[Record], block: float, colour: str, symbols: Mapping[str, str]
) -> None:
    names: dict[float, str] = {}
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center"}
    for i, comparison in enumerate(comparisons):
        case = Case(**comparison["case"])
        title = ", ".join(f"{symbol} = {getattr(case, axis)}" for axis, symbol in symbols.items())
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "fontsize": 8.5, "fontweight": "bold"}
        ax.annotate(title, (0, i * block), (4, 0), **place, **beside)
        for j, (name, timing) in enumerate(timings_of(comparison).items(), 1):
            line, time = i * block + j, Spread.of(timing["milliseconds"])
            names[line] = name
            chosen, size = (colour, 6) if name == OURS else (INK, 4.5)
            ax.hlines(line, time.lowest, time.highest, color=chosen, linewidth=2, alpha=0.45)
            ax.plot(time.median, line, "o", color=chosen, markersize=size)
            ax.annotate(_two_digits(time.median), (time.highest, line), (6.5, 0), fontsize=7.5, **beside)
    ax.set_yticks(list(names), [BASELINES[name].label for name in names.values()], fontsize=8)
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
