"""`fastweights models` and `fastweights tasks`: what is registered."""

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass

from fastweights import registry
from fastweights.cli.options import PluginOptions, parse
from fastweights.registry import Registry


@dataclass(frozen=True)
class Listing(PluginOptions):
    """Options of the listings."""

    json: bool = False
    """Print a JSON object."""


def models(arguments: Sequence[str]) -> int:
    """List the registered cells."""
    return _show(registry.cells, arguments, "models")


def tasks(arguments: Sequence[str]) -> int:
    """List the registered tasks."""
    return _show(registry.tasks, arguments, "tasks")


def _show(entries_of: Registry, arguments: Sequence[str], command: str) -> int:
    """Print the name, the equations (the first paragraph of the docstring) and the source of each entry."""
    options = parse(Listing, arguments, command)
    entries = [
        {
            "name": name,
            "summary": (inspect.getdoc(cls) or "").split("\n\n")[0],
            "source": entries_of.source(name),
        }
        for name, cls in entries_of.items()
    ]
    if options.json:
        print(json.dumps({command: entries}, ensure_ascii=False))
        return 0
    for entry in entries:
        print(entry["name"])
        for line in [*entry["summary"].splitlines(), entry["source"]]:
            print(f"    {line.strip()}")
        print()
    return 0
