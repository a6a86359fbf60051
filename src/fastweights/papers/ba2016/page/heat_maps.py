"""λ × η, drawn: a cell for each decay and write rate of fast weights."""

import math
from collections.abc import Callable, Mapping, Sequence

from fastweights.papers.ba2016.findings.stages import tagged
from fastweights.papers.ba2016.names import Stage
from fastweights.report.drawing import ALARM, GRID
from fastweights.report.labels import model_colours, percent
from fastweights.report.svg import Drawing, around
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting

Place = tuple[float, float]
"""A decay and a write rate."""


def heat_maps(runs: Sequence[Record]) -> str | None:
    """Final error and updates to 1 % for every decay λ and write rate η; None if there is nothing yet."""
    found: dict[Place, list[Record]] = {}
    for _, run in tagged(runs, Stage.HEAT_MAP):
        cell = run["specification"]["model"]["cell"]
        where = cell.get("decay"), cell.get("write_rate")
        if all(isinstance(each, int | float) for each in where):
            found.setdefault(where, []).append(run)
    seeds = {where: Setting(each) for where, each in found.items()}
    if not any(each.finished or each.failed for each in seeds.values()):
        return None
    decays, rates = (sorted({where[i] for where in seeds}) for i in (0, 1))
    drawing = Drawing(900, 72 + 44 * len(decays))
    _heat_map(
        drawing,
        60,
        "test error, %",
        decays,
        rates,
        {at: each.test_error for at, each in seeds.items()},
        percent,
        seeds,
    )
    _heat_map(
        drawing,
        510,
        "updates to 1 %",
        decays,
        rates,
        {at: each.updates_to_goal for at, each in seeds.items()},
        lambda value: f"{value:,.0f}" if math.isfinite(value) else "never",
        seeds,
    )
    return drawing.svg()


def _heat_map(
    drawing: Drawing,
    left: float,
    title: str,
    decays: Sequence[float],
    rates: Sequence[float],
    values: Mapping[Place, float | None],
    text: Callable[[float], str],
    seeds: Mapping[Place, Setting],
) -> None:
    """A cell for each pair; the fuller its colour, the lower its value, on a logarithmic scale."""
    width, height, top = min(380 / len(rates), 76), 44, 62
    finite = [max(each, 1e-5) for each in values.values() if each is not None and math.isfinite(each)]
    shade = around(finite, 0.85, 0.04)
    colour = model_colours([])["fast-weights"]
    drawing.text(left - 44, 18, title, bold=True)
    drawing.text(left, 38, "write rate η", size=10)
    drawing.text(left - 44, top + 12, "λ", size=10)
    for j, rate in enumerate(rates):
        drawing.text(left + (j + 0.5) * width, 55, f"{rate:g}", "middle", 10)
    for i, decay in enumerate(decays):
        y = top + i * height
        drawing.text(left - 8, y + height / 2 + 4, f"{decay:g}", "end", 10)
        for j, rate in enumerate(rates):
            x, cell = left + j * width, seeds.get((decay, rate))
            value = values.get((decay, rate))
            if cell is None or not (cell.finished or cell.failed):
                continue
            if value is not None:
                opacity = shade(max(value, 1e-5)) if math.isfinite(value) else 0
                drawing.rect(x, y, width - 2, height - 2, colour, opacity)
                drawing.text(x + width / 2 - 1, y + height / 2 + 4, text(value), "middle")
            drawing.frame(x, y, width - 2, height - 2, GRID, 0.6)
            if cell.failed:
                drawing.cross(x + width - 10, y + 9, ALARM)
