"""λ × η, drawn: a cell for each decay and write rate of fast weights."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastweights.papers.ba2016.findings.stages import stage_settings
from fastweights.papers.ba2016.names import Stage
from fastweights.report.drawing import ALARM
from fastweights.report.labels import model_colours, percent
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Place = tuple[float, float]
"""A decay and a write rate."""

_LEAST = 1e-5
"""What a smaller value is coloured as."""


def heat_maps(runs: Sequence[Record]) -> "Figure | None":
    """Final error and updates to 1 % for every decay λ and write rate η. None if no run has ended."""
    from matplotlib.figure import Figure

    settings = stage_settings(runs, Stage.HEAT_MAP, _where)
    settings = {where: setting for where, setting in settings.items() if setting.ended()}
    if not settings:
        return None
    decays = len({decay for decay, _ in settings})
    figure = Figure(figsize=(9, 0.9 + 0.42 * decays), layout="constrained")
    errors, updates = figure.subplots(1, 2)
    values = {where: setting.test_error for where, setting in settings.items()}
    _heat_map(errors, "test error, %", values, settings, percent)
    values = {where: setting.updates_to_goal for where, setting in settings.items()}
    _heat_map(updates, "updates to 1 %", values, settings, lambda value: f"{value:,.0f}")
    return figure


def _where(_: Mapping[str, Any], run: Record) -> Place | None:
    options = run["specification"]["model"]["cell"]
    where = options.get("decay"), options.get("write_rate")
    return where if all(isinstance(value, int | float) for value in where) else None


def _heat_map(
    ax: "Axes",
    title: str,
    values: Mapping[Place, float | None],
    settings: Mapping[Place, Setting],
    text: Callable[[float], str],
) -> None:
    """A cell for each pair; the fuller its colour, the lower its value, on a logarithmic scale."""
    from matplotlib.patches import Rectangle

    decays, rates = (sorted({where[i] for where in settings}) for i in (0, 1))
    logs = {where: math.log(max(value, _LEAST)) for where, value in values.items() if value is not None}
    finite = [log for log in logs.values() if log < math.inf]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    colour = model_colours([])["fast-weights"]
    for (decay, rate), log in logs.items():
        x, y = rates.index(rate), decays.index(decay)
        share = 1.0 if low == high else (high - log) / (high - low)
        opacity = 0.08 + 0.77 * share if log < math.inf else 0.0
        ax.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=colour, alpha=opacity, linewidth=0))
        words = text(values[decay, rate] or 0.0) if log < math.inf else "never"
        ax.text(x, y, words, ha="center", va="center")
    for decay, rate in (where for where, setting in settings.items() if setting.failed):
        x, y = rates.index(rate) + 0.38, decays.index(decay) - 0.3
        ax.plot(x, y, "x", color=ALARM, markersize=4.5, markeredgewidth=1.5)
    ax.set_title(title, loc="left", fontweight="bold", fontsize=9.5)
    ax.set(
        xlabel="write rate η", ylabel="decay λ", xlim=(-0.5, len(rates) - 0.5), ylim=(len(decays) - 0.5, -0.5)
    )
    ax.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    ax.set_yticks(range(len(decays)), [f"{decay:g}" for decay in decays])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
