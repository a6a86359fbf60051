"""`fastweights models` and `fastweights tasks`: what is registered."""

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastweights import registry
from fastweights.cli.options import PluginOptions, parse
from fastweights.registry import Registry


@dataclass(frozen=True)
class Listing(PluginOptions):
    """Options of the listings."""

    json: bool = False
    """Print a JSON object."""


@dataclass(frozen=True)
class ModelListing(Listing):
    """Options of the list of models."""

    hidden_size: int = 64
    """The units of each cell, and its inputs, whose sizes and costs are shown."""

    into: Path | None = None
    """A Markdown file: its place <!-- table: models/cells --> gets the sizes and costs as a table, and
    <!-- table: models/NAME --> the equations of a model."""


def models(arguments: Sequence[str]) -> int:
    """List the registered cells."""
    options = parse(ModelListing, arguments, "models")
    entries = _entries(registry.cells)
    for entry in entries:
        entry |= _sizes(registry.cells[entry["name"]], options.hidden_size)
    if options.into is not None:
        from fastweights.report.documents import fill

        equations = {entry["name"]: f"```text\n{entry['summary']}\n```\n" for entry in entries}
        fill(options.into, {"cells": _table(entries, options.hidden_size), **equations}, "models")
    _show(entries, "models", options)
    return 0


def tasks(arguments: Sequence[str]) -> int:
    """List the registered tasks."""
    options = parse(Listing, arguments, "tasks")
    _show(_entries(registry.tasks), "tasks", options)
    return 0


def _entries(entries_of: Registry) -> list[dict[str, Any]]:
    """The name, the equations (the first paragraph of the docstring) and the source of each entry."""
    return [
        {
            "name": name,
            "summary": (inspect.getdoc(cls) or "").split("\n\n")[0],
            "source": entries_of.source(name),
        }
        for name, cls in entries_of.items()
    ]


def _sizes(cell_class: type, hidden_size: int) -> dict[str, int | None]:
    """What a cell of so many units costs, with options that are recommended at this size."""
    import jax

    from fastweights.models.parameters import count_parameters, count_state

    units = -(-hidden_size // cell_class.size_multiple) * cell_class.size_multiple
    options, sizes = cell_class.recommended(units), {}

    def measure(key):
        cell = cell_class(units, units, options=options, key=key)
        sizes["parameters"], sizes["state"] = count_parameters(cell), count_state(cell)
        sizes["step_operations"] = cell.step_operations()

    jax.eval_shape(measure, jax.random.key(0))  # nothing is drawn
    return sizes


def _table(entries: Sequence[dict[str, Any]], hidden_size: int) -> str:
    from fastweights.report.table import Column, Table

    def number(name: str):
        return lambda entry: "–" if entry[name] is None else f"{entry[name]:,}"

    columns = {
        Column("model", "word"): lambda entry: entry["name"],
        "parameters": number("parameters"),
        "state": number("state"),
        "operations a step": number("step_operations"),
        Column("source", "sentence"): lambda entry: entry["source"],
    }
    legend = (
        f"With {hidden_size} inputs and units, and the options that are recommended. state: numbers that are "
        "carried from step to step. operations: multiplications and additions of a step, without the product "
        "with its input; –: not counted."
    )
    return Table.of("cells", "", entries, columns, legend).markdown()


def _show(entries: Sequence[dict[str, Any]], command: str, options: Listing) -> None:
    if options.json:
        print(json.dumps({command: entries}, ensure_ascii=False))
        return
    for entry in entries:
        print(entry["name"])
        lines = [*entry["summary"].splitlines(), entry["source"]]
        if "state" in entry:
            operations = entry["step_operations"]
            counted = "" if operations is None else f", {operations:,} operations a step"
            lines.append(f"{entry['parameters']:,} parameters, {entry['state']:,} numbers of state{counted}")
        for line in lines:
            print(f"    {line.strip()}")
        print()
