"""The page: one self-contained HTML file with the table, the curves and every run.

jinja2 comes with the extra `report` and is imported by what renders.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastweights.files import make_folder, write_atomically
from fastweights.report.html import environments, inline, states, template
from fastweights.report.labels import distinguished, duration, joined, model_colours, model_label, percent
from fastweights.report.learning_curves import learning_curves
from fastweights.report.rows import Row, grouped, legend, notes, rows
from fastweights.studies.analysis.settings import (
    Record,
    Summary,
    failure_of,
    outcome,
    setting_of,
    summarise,
)
from fastweights.studies.papers import paper_of

_MAX_DETAILED = 200
"""Runs of which the page shows specifications and curves; of more, results.json alone holds them."""
_CURVES = "Validation error against updates for each model, one panel for each hidden size"


def write_page(results: Mapping[str, Any], directory: Path) -> list[Path]:
    """Write learning-curves.svg, learning-curves.png and report.html into the folder; returns their paths.

    Each file is replaced in one step. Equal results give equal bytes.

    Raises: FileError if the folder or a file cannot be written.
    """
    make_folder(directory)
    svg, png, page = (
        Path(directory) / name for name in ("learning-curves.svg", "learning-curves.png", "report.html")
    )
    learning_curves(results, svg, png)
    write_atomically(page, render(results, svg.read_text(encoding="utf-8")).encode())
    return [svg, png, page]


def render(results: Mapping[str, Any], svg: str) -> str:
    """The page as HTML, with the learning curves in it."""
    runs, study = results["runs"], results["study"]
    summaries = summarise(runs)
    lines = rows(summaries, runs)
    paper = paper_of(study.get("preset"))
    return template("report.html.j2").render(
        preset=study.get("preset"),
        options=study.get("options") and json.dumps(study["options"], indent=2, ensure_ascii=False),
        command=f"fastweights reproduce --preset {shlex.quote(str(study.get('preset')))} --dir DIR",
        states=states(runs),
        groups=grouped(lines),
        several_tasks=len({row.task for row in lines}) > 1,
        answers=_answers(lines),
        notes=notes(lines),
        legend=legend(lines),
        colours=model_colours(summary.model for summary in summaries),
        has_curves=any(run.get("curve") for run in runs),
        curves=inline(svg, _CURVES),
        tasks={row.task: row.floor for row in lines},
        sizes=_data_sizes(runs),
        runs=_runs(summaries, detailed=len(runs) <= _MAX_DETAILED),
        detailed=len(runs) <= _MAX_DETAILED,
        environments=environments(runs),
        title=paper.title if paper else "Study",
        question=paper.question if paper else "",
        source=next(iter(paper.publications), None) if paper else None,
        publications=_publications(lines),
    )


def _publications(lines: Sequence[Row]) -> list[Any]:
    """Those with a number for one of the rows."""
    sources = {source.name: source for row in lines for source, _ in row.published}
    return list(sources.values())


def _answers(lines: Sequence[Row]) -> list[tuple[str, str, str]]:
    """The place, the model or models of lowest error and the error, for each size with two to compare."""
    answers = []
    several_tasks = len({row.task for row in lines}) > 1
    for group in grouped(lines):
        best = [row for row in group if row.lowest]
        if best and sum(row.seeds != "0" for row in group) > 1:
            error = best[0].test_error[0]
            task = f", {group[0].task}" if several_tasks else ""
            answers.append((f"R = {group[0].hidden_size}{task}", joined(row.model for row in best), error))
    return answers


def _data_sizes(runs: Sequence[Record]) -> dict[str, str] | None:
    """How many sequences, if all runs had the same."""
    data = [run["specification"]["data"] for run in runs]
    if not data or any(each != data[0] for each in data):
        return None
    return {name: f"{data[0][name]:,}" for name in ("train", "validation", "test")}


def _runs(summaries: Sequence[Summary], *, detailed: bool) -> list[dict[str, Any]]:
    """Every run, in the order of the summaries; selected settings are marked where there was a choice."""
    described = []
    for summary in summaries:
        settings = [setting_of(run) for run in summary.runs]
        for run, differences in zip(summary.runs, distinguished(settings), strict=True):
            described.append(
                {
                    "id": run["id"],
                    "model": model_label(summary.model),
                    "model_id": summary.model,
                    "about": ", ".join(
                        [f"R = {summary.hidden_size}", *differences, f"seed {run['specification']['seed']}"]
                    ),
                    "selected": summary.settings > 1 and setting_of(run) == summary.setting,
                    "state": outcome(run),
                    "failure": failure_of(run),
                    "result": _result(run.get("result") or {}),
                    "specification": _specification(run) if detailed else "",
                    "curve": _curve(run.get("curve") or []) if detailed else "",
                }
            )
    return described


def _specification(run: Record) -> str:
    return json.dumps(run["specification"], indent=2, ensure_ascii=False)


def _result(result: Mapping[str, Any]) -> dict[str, str]:
    """The entries of a result, as a reader wants them; what is not a number stays as it is."""

    def text(name: str, value: Any) -> str:
        if not isinstance(value, int | float) or value != value:
            return str(value)
        if name.endswith("error"):
            return f"{percent(value)} %"
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
