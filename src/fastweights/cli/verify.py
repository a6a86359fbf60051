"""`fastweights verify`: the checks of the theory, each computed and compared with its bound."""

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from fastweights import registry
from fastweights.cli.options import PluginOptions, parse
from fastweights.compilation import check_platform_of_processes
from fastweights.errors import check
from fastweights.files import make_folder
from fastweights.machine import available_cores
from fastweights.theory.check import CheckResult, Quantity
from fastweights.theory.runner import examine_all


@dataclass(frozen=True)
class Verify(PluginOptions):
    """Options of `fastweights verify`."""

    only: tuple[str, ...] = ()
    """Names of the checks to run; by default all."""

    list: bool = False
    """Print what each check states, and whether it has a figure; compute nothing."""

    figures: Path | None = None
    """A folder to draw the checks' figures into."""

    workers: int | None = None
    """Processes; by default one for each core."""

    json: bool = False
    """Print a JSON object instead of the table."""


def run(arguments: Sequence[str]) -> int:
    """Run the checks and print what they measured; 1 if one does not hold."""
    options = parse(Verify, arguments, "verify")
    check(
        options.workers is None or options.workers >= 1, f"workers must be at least 1; got {options.workers}"
    )
    names = list(dict.fromkeys(options.only)) or list(registry.checks)
    if options.list:
        _list(names, as_json=options.json)
        return 0
    if options.figures is not None:
        make_folder(options.figures)
    results = []
    check_platform_of_processes()
    for result in examine_all(names, options.workers or len(available_cores())):
        results.append(result)
        if not options.json:
            _show(result)
        if options.figures is not None and result.panels:
            from fastweights.report.check_figures import draw

            draw(result, options.figures)
    failed = [result.name for result in results if not result.holds]
    if options.json:
        # Numbers that are not finite are null.
        text = msgspec.json.encode({"claims": [_plain(result) for result in results]})
        print(msgspec.json.format(text, indent=1).decode())
    else:
        seconds = sum(result.seconds for result in results)
        count = "1 check" if len(results) == 1 else f"{len(results)} checks"
        verb = "does" if len(failed) == 1 else "do"
        good = "holds" if len(results) == 1 else "all hold"
        outcome = f"{len(failed)} {verb} not hold: {', '.join(failed)}" if failed else good
        print(f"{count}, {seconds:.0f} s of computation: {outcome}")
    return 1 if failed else 0


def _list(names: Sequence[str], *, as_json: bool) -> None:
    """Each check's name, statement and source, and whether it has a figure."""
    found = [
        {
            "name": name,
            "claim": registry.checks[name].statement,
            "source": registry.checks.source(name),
            "figure": registry.checks[name].has_figure,
        }
        for name in names
    ]
    if as_json:
        print(json.dumps({"claims": found}, indent=1, ensure_ascii=False))
        return
    for entry in found:
        figure = " (with a figure)" if entry["figure"] else ""
        print(f"{entry['name']}{figure}\n    {entry['claim']}\n    {entry['source']}\n")


def _show(result: CheckResult) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    mark = Text("holds", "green") if result.holds else Text("FAILS", "bold red")
    console.print(Text.assemble(mark, "  ", (result.name, "bold"), f"  {result.statement}"))
    console.print(Text(f"       {result.source}", "dim"))
    for quantity in result.quantities:
        line = f"       {quantity.name}: {quantity.measured:.4g}  ({bound(quantity)})"
        console.print(Text(line, "" if quantity.holds else "red"), soft_wrap=True)
    if result.error:
        console.print(Text(f"       {result.error}", "red"), soft_wrap=True)


def bound(quantity: Quantity) -> str:
    """The range in which theory puts the quantity: `at most 1e-12`."""
    lowest, highest = f"{quantity.lowest:.4g}", f"{quantity.highest:.4g}"
    if math.isinf(quantity.lowest):
        return f"at most {highest}"
    if math.isinf(quantity.highest):
        return f"at least {lowest}"
    return f"from {lowest} to {highest}"


def _plain(result: CheckResult) -> dict[str, Any]:
    quantities = [{**dataclasses.asdict(quantity), "holds": quantity.holds} for quantity in result.quantities]
    return {
        "name": result.name,
        "claim": result.statement,
        "source": result.source,
        "holds": result.holds,
        "quantities": quantities,
        "seconds": result.seconds,
        "error": result.error,
    }
