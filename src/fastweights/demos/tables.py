"""A demonstration as tables: all its numbers, for programs, and some of them, for a terminal."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastweights.demos.base import Curve, Demonstration, Graph
from fastweights.report.table import Column, Table

_SHOWN = 6  # columns of the short table


def data_table(shown: Demonstration) -> Table:
    """A row for each point of each curve and line, with every digit of its numbers. A graph is named by its
    axes."""
    headings = ("graph", "curve", "x", "y", "standard_error", "theory")
    rows = [row for graph in shown.graphs for row in _rows(graph)]
    return Table("demo", "", [Column(heading) for heading in headings], rows)


def short_table(graph: Graph) -> Table:
    """The curves as rows, at a few x that they share, with theory below what was measured."""
    x = np.asarray(graph.curves[0].x)
    at = np.unique(np.round(np.linspace(0, len(x) - 1, min(_SHOWN, len(x)))).astype(int))
    columns = [Column(f"{graph.x_label} =", "word"), *(Column(f"{x[i]:g}") for i in at)]
    text, rows = _power if graph.y_scale == "log" else _short, []
    for curve in graph.curves:
        rows.append([curve.name, *(text(curve.y[i]) for i in at)])
        if len(curve.theory):
            rows.append([f"  {graph.expectation}", *(text(curve.theory[i]) for i in at)])
    return Table("demo", f"{graph.title}: {graph.y_label}", columns, rows)


def _rows(graph: Graph) -> Iterator[Sequence[str]]:
    where = f"{graph.y_label} against {graph.x_label}"
    guides = [Curve(guide.label, guide.x, guide.y) for guide in graph.guides]
    for curve in (*graph.curves, *guides):
        nothing = [math.nan] * len(curve.x)
        errors = curve.standard_error if len(curve.standard_error) else nothing
        theory = curve.theory if len(curve.theory) else nothing
        for numbers in zip(curve.x, curve.y, errors, theory, strict=True):
            yield [where, curve.name, *map(_exact, numbers)]


def _exact(number: Any) -> str:
    """With as many digits as tell it from every other; nothing where there is none."""
    value = number.item() if hasattr(number, "item") else number
    return "" if math.isnan(value) else repr(value)


def _short(number: Any) -> str:
    return "–" if math.isnan(number) else f"{number:.3f}"


def _power(number: Any) -> str:
    return "–" if math.isnan(number) else f"{number:.3g}" if 0.01 < abs(number) < 1000 else f"{number:.1e}"
