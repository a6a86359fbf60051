"""What the paper leaves open, drawn: a row of dots for each value; pairs and inner steps."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from statistics import median

from fastweights.papers.ba2016.names import DEFAULTS, PAIRS, STEPS
from fastweights.papers.ba2016.page.ablation_tables import numbered
from fastweights.report.drawing import ALARM, GRID, INK
from fastweights.report.labels import model_colours, model_label, percent
from fastweights.report.svg import Drawing, LogScale, around
from fastweights.studies.analysis.runs import GOAL, Record, outcome, updates_to
from fastweights.studies.analysis.settings import Setting

Variants = Mapping[tuple[str, str], Setting]
_WIDTH, _LINE, _TOP = 900, 16, 46
_HIGH, _BOTTOM, _PANEL = 45, 215, 165
"""Of a small panel: the ends of its scale, and its width."""


def ablation_dots(models: Mapping[str, Variants]) -> str | None:
    """Updates to 1 % and final test error of every choice of every model; None if no run has ended."""
    shown = {model: _without_pairs(variants) for model, variants in models.items()}
    runs = [run for variants in shown.values() for seeds in variants.values() for run in seeds.runs]
    if not any(outcome(run) in ("finished", "failed") for run in runs):
        return None
    height = _TOP + sum(_LINE * len(variants) + 30 for variants in shown.values()) + 8
    drawing = Drawing(_WIDTH, height)
    paces = [pace for pace in map(updates_to, runs) if math.isfinite(pace)]
    errors = [_shown_error(run) for run in runs if outcome(run) == "finished"]
    updates, error = around(paces, 330, 560), around(errors, 640, 880)
    _axis(drawing, updates, height, f"updates to {100 * GOAL:g} %", lambda tick: f"{tick:,.0f}")
    drawing.text(593, 38, "never", "middle", 10)
    _axis(drawing, error, height, "test error, %", lambda tick: f"{100 * tick:g}")
    colours, y = model_colours(shown), _TOP + 8.0
    for model, variants in shown.items():
        drawing.text(8, y + 8, model_label(model), bold=True, size=12)
        y = _rows(drawing, y + 18, variants, colours[model], updates, error) + 12
    return drawing.svg()


def _rows(
    drawing: Drawing, y: float, variants: Variants, colour: str, updates: LogScale, error: LogScale
) -> float:
    end = y + _LINE * len(variants)
    base = variants.get((DEFAULTS, ""))
    for value, scale in ((base and base.updates_to_goal, updates), (base and _middle(base), error)):
        if value is not None and math.isfinite(value):
            drawing.line([(scale(value), y), (scale(value), end)], INK, 0.8, "3 3")
    last = ""
    for (choice, value), seeds in variants.items():
        base_line = y + _LINE / 2 + 4
        drawing.text(8, base_line, choice if choice != last else "", bold=choice == DEFAULTS)
        drawing.text(172, base_line, value)
        last = choice
        for run in seeds.runs:
            if outcome(run) in ("finished", "failed"):
                pace = updates_to(run)
                x = updates(pace) if math.isfinite(pace) else 593
                drawing.dot(x, y + _LINE / 2, colour, 3, 0.45, f"seed {run['specification']['seed']}")
            if outcome(run) == "finished":
                drawing.dot(
                    error(_shown_error(run)),
                    y + _LINE / 2,
                    colour,
                    3,
                    0.45,
                    percent(run["result"]["test_error"]),
                )
        if seeds.failed:
            drawing.cross(894, y + _LINE / 2, ALARM)
        for number, scale in ((seeds.updates_to_goal, updates), (_middle(seeds), error)):
            if number is not None and math.isfinite(number):
                x = scale(number)
                drawing.line([(x, y + 2), (x, y + _LINE - 2)], colour, 2)
        y += _LINE
    return y


def pairs_and_steps(variants: Variants) -> str | None:
    """Error and updates to 1 % by the number of pairs K and of inner steps S; None without any."""
    pairs = numbered(variants, PAIRS, "task", "num_pairs")
    steps = numbered(variants, STEPS, "model", "cell", "inner_steps")
    if not any(seeds.finished or seeds.failed for _, seeds in [*pairs, *steps]):
        return None
    drawing = Drawing(_WIDTH, 250)
    for i, (name, found) in enumerate((("pairs K", pairs), ("inner steps S", steps))):
        numbers, left = [number for number, _ in found], 60 + 450 * i
        errors = [[_shown_error(run) for run in _in(seeds, "finished")] for _, seeds in found]
        floors = [seeds.runs[0]["floor"] for _, seeds in found]
        scale = around([*chain(*errors), *floors], _BOTTOM, _HIGH)
        _small(
            drawing, left, f"test error, %, by {name}", numbers, errors, scale, lambda tick: f"{100 * tick:g}"
        )
        middles = zip(_columns(left, numbers), floors, strict=True)
        drawing.line([(x, scale(floor)) for x, floor in middles], INK, 0.9, "4 3")
        paces = [[updates_to(run) for run in _in(seeds, "finished", "failed")] for _, seeds in found]
        scale, left = (
            around([pace for pace in chain(*paces) if math.isfinite(pace)], _BOTTOM, _HIGH),
            left + 225,
        )
        _small(
            drawing, left, f"updates to 1 %, by {name}", numbers, paces, scale, lambda tick: f"{tick:,.0f}"
        )
        drawing.text(left - 5, 35, "never", "end", 10)
    return drawing.svg()


def _small(
    drawing: Drawing,
    left: float,
    title: str,
    numbers: Sequence[int],
    values: Sequence[Sequence[float]],
    scale: LogScale,
    text: Callable[[float], str],
) -> None:
    """One panel: dots for the seeds, a line through their medians; what is infinite above."""
    colour = model_colours([])["fast-weights"]
    drawing.text(left - 44, 18, title, bold=True)
    for tick in scale.ticks:
        drawing.line([(left, scale(tick)), (left + _PANEL, scale(tick))], GRID, 0.6)
        drawing.text(left - 5, scale(tick) + 4, text(tick), "end", 10)
    middles = []
    for x, number, each in zip(_columns(left, numbers), numbers, values, strict=True):
        drawing.text(x, _BOTTOM + 16, str(number), "middle", 10)
        for value in each:
            drawing.dot(x, scale(value) if math.isfinite(value) else 31, colour, 3, 0.45)
        if each and math.isfinite(median(each)):
            middles.append((x, scale(median(each))))
    drawing.line(middles, colour, 1.8)


def _columns(left: float, numbers: Sequence[int]) -> list[float]:
    """Where the values of a panel stand."""
    return [left + _PANEL * (i + 0.5) / len(numbers) for i in range(len(numbers))]


def _in(seeds: Setting, *states: str) -> list[Record]:
    return [run for run in seeds.runs if outcome(run) in states]


def _axis(drawing: Drawing, scale: LogScale, height: float, title: str, text: Callable[[float], str]) -> None:
    """A scale above the rows, with lines down to their end."""
    drawing.text((scale.start + scale.end) / 2, 16, title, "middle", bold=True)
    for tick in scale.ticks:
        drawing.line([(scale(tick), _TOP), (scale(tick), height - 4)], GRID, 0.6)
        drawing.text(scale(tick), 38, text(tick), "middle", 10)


def _without_pairs(variants: Variants) -> Variants:
    """Other numbers of pairs are other tasks: they have a figure of their own."""
    return {what: seeds for what, seeds in variants.items() if what[0] != PAIRS}


def _shown_error(run: Record) -> float:
    """The test error on a logarithmic axis: half an error where there was none."""
    result = run["result"]
    return max(result["test_error"], 0.5 / max(result["test_count"], 1))


def _middle(seeds: Setting) -> float | None:
    shown = [_shown_error(run) for run in seeds.runs if outcome(run) == "finished"]
    return median(shown) if shown else None
