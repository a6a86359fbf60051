"""The report of a study: its paper's own, or the one that every study can have, whose page is one HTML file
with the table, the curves and every run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from fastweights.files import make_folder, write_atomically
from fastweights.report import html
from fastweights.report.drawing import save
from fastweights.report.error_units import UNITS, ErrorUnit
from fastweights.report.labels import Dash, duration, joined, model_colours, model_dashes
from fastweights.report.latex import latex
from fastweights.report.learning_curves import learning_curves
from fastweights.report.setting_texts import mean_text, name_text, unit_of
from fastweights.report.study_table import StudyTables
from fastweights.report.table import Table
from fastweights.studies.analysis.runs import (
    Record,
    distinguished,
    error_kind,
    failure_of,
    grouped,
    outcome,
    setting_of,
)
from fastweights.studies.analysis.selections import Selection
from fastweights.studies.papers import StudyReport, paper_of

_MAX_DETAILED = 200
"""Runs of which the page shows specifications and curves; of more, results.json alone holds them."""


class TableReport:
    """A `StudyReport`: one table, the learning curves and every run."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self._results = results
        self._tables = StudyTables(results["runs"])

    def terminal(self) -> RenderableType:
        return self._tables.terminal()

    def documents(self) -> Mapping[str, str]:
        tables = self._tables
        return {
            "table": tables.markdown(),
            "brief": tables.markdown(tables.brief()),
            "complete": tables.markdown(tables.complete()),
        }

    def tables(self) -> Mapping[str, Sequence[Table]]:
        tables = self._tables
        forms = (tables.results(), tables.details(), tables.brief(), tables.complete())
        return {
            form[0].name: [replace(table, legend=tables.legend()) for table in form] for form in forms if form
        }

    def page_tables(self) -> Sequence[str]:
        return [name for name in self.tables() if name in ("table", "details")]

    def exports(self) -> Mapping[str, str]:
        return {".tex": latex(self._tables.complete()), ".csv": self._tables.numbers().csv()}

    def write(self, folder: Path) -> list[Path]:
        make_folder(folder)
        names = "learning-curves.svg", "learning-curves.png", "report.html"
        svg, png, page = paths = [folder / name for name in names]
        save(lambda: learning_curves(self._results["runs"]), svg, png)
        write_atomically(page, render(self._results, svg.read_text(encoding="utf-8")).encode())
        return paths


def report_of(results: Mapping[str, Any]) -> StudyReport:
    """The report that the preset's paper has for such a study, else a `TableReport`."""
    paper = paper_of(results["study"].get("preset"))
    return (paper and paper.report(results)) or TableReport(results)


def render(results: Mapping[str, Any], svg: str) -> str:
    """The page as HTML, with the learning curves in it."""
    runs, study = results["runs"], results["study"]
    tables = StudyTables(runs)
    settings = [selection.selected for selection in tables.selections]
    names = [setting.name for setting in settings]
    colours, dashes = model_colours(names), model_dashes(names)
    paper = paper_of(study.get("preset"))
    publications = tables.publications()
    return html.render(
        "report.html.j2",
        results,
        title=paper.title if paper else "Study",
        question=paper.question if paper else "",
        source=next(iter(paper.publications), None) if paper else None,
        options=study.get("options") and _indented(study["options"]),
        tables=tables.results(publications),
        details=tables.details(),
        answers=_answers(tables),
        notes=tables.notes(),
        legend=tables.legend(),
        swatches={name_text(each): _swatch(colours[each.name], dashes[each.name]) for each in settings},
        has_curves=any(run.get("curve") for run in runs),
        curves=svg,
        floors=sorted({unit_of(each).full(each.floor) for each in settings}),
        own_floor=any(each.validation_floor != each.floor for each in settings),
        kinds=sorted({setting.error_kind for setting in settings}),
        goals=tables.goals(),
        sizes=_data_sizes(runs),
        runs=_runs(tables.selections, detailed=len(runs) <= _MAX_DETAILED),
        detailed=len(runs) <= _MAX_DETAILED,
        publications=publications,
    )


def _swatch(colour: str, dash: Dash) -> str:
    """The background of a small square: striped as the model's line is dashed."""
    if not dash:
        return colour
    stroke, gap, *_ = dash
    return f"repeating-linear-gradient(90deg, {colour} 0 {stroke}px, transparent 0 {stroke + gap}px)"


def _answers(tables: StudyTables) -> list[tuple[str, str, str]]:
    """The place, the model or models of lowest error and the error, for each size with two to compare."""
    answers = []
    for task, group in tables.by_task.items():
        lowest = tables.lowest(group)
        for size, alike in grouped(group, lambda selection: selection.selected.hidden_size).items():
            best = [each.reported for each in alike if each in lowest and each.reported is not None]
            if best:
                place = f"R = {size}, {task}" if len(tables.by_task) > 1 else f"R = {size}"
                names = joined(map(name_text, best))
                answers.append((place, names, mean_text(best[0])))
    return answers


def _data_sizes(runs: Sequence[Record]) -> dict[str, str] | None:
    """How many sequences, if all runs had the same."""
    data = [run["specification"]["data"] for run in runs]
    if not data or any(options != data[0] for options in data):
        return None
    return {name: f"{data[0][name]:,}" for name in ("train", "validation", "test")}


def _runs(selections: Sequence[Selection], *, detailed: bool) -> list[dict[str, Any]]:
    """Every run, in the order of the tables; selected settings are marked where there was a choice."""
    return [
        {
            "id": run["id"],
            "model": name_text(selection.selected),
            "about": ", ".join(
                [
                    f"R = {selection.selected.hidden_size}",
                    *differences,
                    f"seed {run['specification']['seed']}",
                ]
            ),
            "selected": len(selection.settings) > 1 and setting_of(run) == selection.selected.options,
            "state": outcome(run),
            "failure": failure_of(run),
            "result": _result(run.get("result") or {}, UNITS[error_kind(run)]),
            "error": UNITS[error_kind(run)].full_name + " as a fraction" * UNITS[error_kind(run)].in_percent,
            "specification": _indented(run["specification"]) if detailed else "",
            "curve": _curve(run.get("curve") or []) if detailed else "",
        }
        for selection in selections
        for run, differences in zip(
            selection.all_runs, distinguished([setting_of(run) for run in selection.all_runs]), strict=True
        )
    ]


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _result(result: Mapping[str, Any], unit: ErrorUnit) -> dict[str, str]:
    """The entries of a result, as a reader wants them; what is not a number stays as it is."""

    def text(name: str, value: Any) -> str:
        if not isinstance(value, int | float) or value != value:
            return str(value)
        if name.endswith("error"):
            return f"{unit.one(value)}{unit.sign}"
        if name == "seconds":
            return duration(value)
        return f"{value:,}" if isinstance(value, int) else f"{value:.4g} nats"

    return {name.replace("_", " "): text(name, value) for name, value in result.items()}


def _curve(curve: Sequence[Sequence[Any]]) -> str:
    """The points as aligned columns, to read and to copy; empty without points."""
    if not curve:
        return ""

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cell.rjust(width) for cell, width in zip(cells, (8, 12, 18, 27), strict=True))

    head = line(["update", "train loss", "validation error", "validation log likelihood"])
    return "\n".join([head, *(line([f"{point[0]}", *map(_number, point[1:])]) for point in curve)])


def _number(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, int | float) else str(value)
