"""`fastweights report`: results.json, the table, the figures and the page, from the record alone.

Needs no JAX, owns nothing, and so works beside a coordinator.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from fastweights.cli.options import PluginOptions, check_csv, parse
from fastweights.errors import check, check_choice, printable
from fastweights.files import write_atomically
from fastweights.report.curve_table import curve_table
from fastweights.report.documents import put
from fastweights.report.formats import FORMATS, formatted
from fastweights.report.labels import last_line
from fastweights.report.page import report_of
from fastweights.studies.papers import StudyReport
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store


@dataclass(frozen=True)
class Report(PluginOptions):
    """Options of `fastweights report`."""

    dir: tyro.conf.Positional[Path]
    """The study's folder, wherever its record is; the report is written there."""

    into: Path | None = None
    """Where the table goes, too: FILE.tex or FILE.csv, which is written anew, or a Markdown file in which
    tables of the study have places, marked <!-- table: verdicts --> and <!-- end of table -->; places that
    name another study's folder, <!-- table: quick/verdicts -->, stay as they are."""

    format: Annotated[str | None, tyro.conf.arg(metavar="latex|csv|md")] = None
    """Print the tables in this format, and write nothing else: LaTeX (with the package booktabs),
    comma-separated values with all digits, or Markdown."""

    table: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="NAME")] = ()
    """With --format: only the table of this name; may be repeated. A table alone is a plain CSV file; before
    each of several stands a line with its name."""

    out: Path | None = None
    """With --format: the file where the tables go, instead of being printed."""

    curves: Path | None = None
    """Where the learning curves go, too: FILE.csv, with a line for each evaluation of every run that has
    ended."""

    json: bool = False
    """Print results.json instead of the table."""


def run(arguments: Sequence[str]) -> int:
    """Write results.json and the report, and print the table and the paths; failed runs are no failure."""
    options = parse(Report, arguments, "report")
    if options.curves is not None:
        check_csv("curves", options.curves)
    _check_format(options)
    store = Store(*locate(options.dir))
    results = store.results()
    with store.storage.errors():
        study = report_of(results)
        if options.format is not None:
            _put_tables(formatted(study, options.format, options.table), options.out)
            return 0
        if options.into is not None:  # first: it may be no file with places, and figures take seconds
            put(study, options.into, options.dir.resolve().name)
        paths = write(results, study, options.dir)
        if options.into is not None:
            paths.append(options.into)
        if options.curves is not None:
            write_atomically(options.curves, curve_table(results["runs"]).csv().encode())
            paths.append(options.curves)
    show(results, study, paths, as_json=options.json)
    return 0


def _check_format(options: Report) -> None:
    """Options that need --format have it, and those that write a report are not given with it."""
    if options.format is None:
        needing = {"table": options.table, "out": options.out}
        for name, value in needing.items():
            check(not value, f"--{name} needs --format latex, csv or md")
    else:
        check_choice("--format", options.format, tuple(FORMATS))
        for name in ("into", "curves", "json"):
            check(not getattr(options, name), f"--{name} goes without --format, which writes tables alone")


def _put_tables(text: str, file: Path | None) -> None:
    if file is None:
        print(text, end="")
    else:
        write_atomically(file, text.encode())
        print(f"wrote {file}")


def report(results: Mapping[str, Any], directory: Path, *, as_json: bool) -> int:
    """Write and show the results; 1 if a run failed, else 0."""
    study = report_of(results)
    show(results, study, write(results, study, directory), as_json=as_json)
    return 1 if any(run["state"] == "failed" for run in results["runs"]) else 0


def write(results: Mapping[str, Any], study: StudyReport, directory: Path) -> list[Path]:
    """Write results.json and the report into the folder; returns the paths."""
    write_atomically(directory / "results.json", json_text(results).encode())
    return [directory / "results.json", *study.write(directory)]


def show(results: Mapping[str, Any], study: StudyReport, paths: Sequence[Path], *, as_json: bool) -> None:
    """Print the table and the paths, or results.json; on stderr, what failed."""
    from rich.console import Console

    if as_json:
        print(json_text(results))
    else:
        Console().print(study.terminal())
        for path in paths:
            print(f"wrote {path}")
    failed: dict[str, list[str]] = {}
    for run in results["runs"]:
        if run["state"] == "failed":
            failed.setdefault(last_line(run["failure"] or ""), []).append(run["id"])
    for reason, runs in failed.items():
        who = f"run {runs[0]}" if len(runs) == 1 else f"{len(runs)} runs, {runs[0]} the first of them,"
        print(f"fastweights: {printable(f'{who} failed: {reason}')}", file=sys.stderr)


def json_text(results: Mapping[str, Any]) -> str:
    """The content of results.json: a line for each entry of a run, and for each point of its curve.

    Written so by hand: where `json` indents, it takes ten times as long.
    """
    entries = [f"{_line(name)}: {_line(value)}" for name, value in results.items() if name != "runs"]
    runs = ",\n".join(_run_text(run) for run in results["runs"])
    return "{\n " + ",\n ".join([*entries, f'"runs": [\n{runs}\n ]']) + "\n}"


def _run_text(run: Mapping[str, Any]) -> str:
    entries = []
    for name, value in run.items():
        text = _line(value)
        if name == "curve" and value and '"' not in text:  # so that all brackets are those of points
            points = text[1:-1].replace("], [", "],\n    [")
            text = f"[\n    {points}\n   ]"
        entries.append(f"   {_line(name)}: {text}")
    return "  {\n" + ",\n".join(entries) + "\n  }"


_line = json.JSONEncoder(allow_nan=False).encode
