"""`fastweights demo`: a statement of the theory at sizes of one's own, as a figure to project and numbers."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from fastweights import registry
from fastweights.cli.options import Groups, PluginOptions, check_csv, parse
from fastweights.demos.base import Demo, Demonstration
from fastweights.demos.tables import data_table, short_table
from fastweights.errors import check
from fastweights.files import check_writable, write_atomically
from fastweights.report.slides import check_ending, project


@dataclass(frozen=True)
class DemoCommand(PluginOptions):
    """Options of `fastweights demo`; those of the demo are added."""

    name: tyro.conf.Positional[str | None] = None
    """Which demo; without one, all are listed with their options."""

    out: Path | None = None
    """A figure to project, FILE.png or FILE.svg: 16:9, PNG with 200 dots an inch."""

    csv: Path | None = None
    """The numbers of the figure, FILE.csv."""

    json: bool = False
    """Print a JSON object instead of the table."""


def run(arguments: Sequence[str]) -> int:
    """Compute, write the files, print the table and what is seen; or list."""
    options = parse(DemoCommand, arguments, "demo", _groups_of)
    if options.name is None:
        _list(as_json=options.json)
        return 0
    if options.out is not None:
        check_ending(options.out)
        check_writable(options.out)
    if options.csv is not None:
        check_csv("csv", options.csv)
    demo: Demo = options.demo
    shown = demo.demonstrate()
    if options.out is not None:
        project([graph.panel() for graph in shown.graphs], shown.note, options.out)
    if options.csv is not None:
        write_atomically(options.csv, data_table(shown).csv().encode())
    if options.json:
        print(json.dumps({"demo": options.name, **_told(demo, shown)}, ensure_ascii=False, allow_nan=False))
    else:
        _print(shown, [path for path in (options.out, options.csv) if path is not None])
    return 0


def _groups_of(arguments: Sequence[str]) -> Groups:
    """The options of the demo that the arguments name; without a name, nothing but the list is offered."""
    before = ["", *arguments]
    words = [
        word
        for last, word in zip(before, arguments, strict=False)
        if not word.startswith("-") and (not last.startswith("-") or last == "--json")
    ]
    if not words:
        others = {word for word in arguments if word.startswith("-")} - {"--help", "-h", "--json"}
        others = {word for word in others if not word.startswith("--plugin")}
        check(not others, f"missing the demo's name; known: {', '.join(registry.demos)}")
        return {}
    name = next((word for word in words if word in registry.demos), words[0])
    return {"demo": registry.demos[name]}


def _print(shown: Demonstration, paths: Sequence[Path]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for graph in shown.graphs:
        console.print(short_table(graph).terminal())
    console.print(f"\n{shown.seen}")
    for path in paths:
        print(f"wrote {path}")


def _told(demo: Demo, shown: Demonstration) -> Mapping[str, Any]:
    graphs = [
        {
            "title": graph.title,
            "x": graph.x_label,
            "y": graph.y_label,
            "curves": [
                {
                    "name": curve.name,
                    "x": _numbers(curve.x),
                    "y": _numbers(curve.y),
                    "standard_error": _numbers(curve.standard_error),
                    "theory": _numbers(curve.theory),
                }
                for curve in graph.curves
            ],
        }
        for graph in shown.graphs
    ]
    return {"options": vars(demo), "seen": shown.seen, "graphs": graphs}


def _numbers(numbers: Any) -> list[float | None]:
    """Where there is none, null."""
    return [float(number) if math.isfinite(number) else None for number in numbers]


def _list(*, as_json: bool) -> None:
    """Each demo's name, statement, options with their defaults, and source."""
    found = [
        {
            "name": name,
            "statement": demo.statement,
            "options": {field.name: field.default for field in dataclasses.fields(demo)},
            "source": registry.demos.source(name),
        }
        for name, demo in registry.demos.items()
    ]
    if as_json:
        print(json.dumps({"demos": found}, indent=1, ensure_ascii=False))
        return
    for entry in found:
        knobs = " ".join(f"--{k.replace('_', '-')} {_word(value)}" for k, value in entry["options"].items())
        print(f"{entry['name']}\n    {entry['statement']}\n    {knobs}\n    {entry['source']}\n")


def _word(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
