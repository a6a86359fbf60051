"""The axes of a panel of errors against updates, and the guessing floor."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastweights.report.drawing import GRID, INK
from fastweights.report.error_units import ErrorUnit
from fastweights.report.labels import logarithmic_tick
from fastweights.report.setting_texts import unit_of
from fastweights.studies.analysis.runs import validation_errors
from fastweights.studies.analysis.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TOP = 180.0  # percent: above every share, with room for the floor's label
_ABOVE_FLOOR, _LOWEST_SQUARE = 6.0, 1e-8  # the range of squared errors


def draw_floor(ax: "Axes", unit: ErrorUnit, error: float, *, label_below: bool) -> None:
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


def scale(ax: "Axes", settings: Sequence[Setting], validation_count: int) -> None:
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
