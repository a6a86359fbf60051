"""`fastweights verify`: the theory's claims, each computed and compared."""

import importlib.util
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastweights import registry
from fastweights.cli.main import parse
from fastweights.errors import FastweightsError, check
from fastweights.files import make_folder
from fastweights.machine import available_cores
from fastweights.theory.check import Quantity, Verdict
from fastweights.theory.runner import examine_all


@dataclass(frozen=True)
class Verify:
    """What `fastweights verify` is told."""

    only: tuple[str, ...] = ()
    """Claims to examine; by default all."""

    figures: Path | None = None
    """A folder for the claims' figures."""

    workers: int | None = None
    """Processes; by default one for each core."""

    json: bool = False
    """Print a JSON object instead of the table."""


def run(arguments: Sequence[str]) -> int:
    """Examine the claims and print what was found; 1 if one does not hold."""
    options = parse(Verify, arguments, "verify")
    check(
        options.workers is None or options.workers >= 1, f"workers must be at least 1; got {options.workers}"
    )
    check_theory_is_installed()
    names = list(dict.fromkeys(options.only)) or list(registry.checks)
    if options.figures is not None:
        from fastweights.cli.report import check_report_is_installed

        check_report_is_installed()
        make_folder(options.figures)
    verdicts = []
    for verdict in examine_all(names, options.workers or len(available_cores())):
        verdicts.append(verdict)
        if not options.json:
            _show(verdict)
        if options.figures is not None and verdict.drawing is not None:
            from fastweights.report.check_figures import draw

            draw(verdict, options.figures)
    failed = [verdict.name for verdict in verdicts if not verdict.holds]
    if options.json:
        print(json.dumps({"claims": [_plain(verdict) for verdict in verdicts]}, ensure_ascii=False, indent=1))
    else:
        seconds = sum(verdict.seconds for verdict in verdicts)
        words = f"{len(failed)} do not hold: {', '.join(failed)}" if failed else "all hold"
        print(f"{len(verdicts)} claims, {seconds:.0f} s of computation: {words}")
    return 1 if failed else 0


def check_theory_is_installed() -> None:
    """Raises: FastweightsError with the command that installs what is missing."""
    for package in ("diffrax", "optimistix", "sympy"):
        if importlib.util.find_spec(package) is None:
            raise FastweightsError(f"the theory needs {package}: pip install 'fastweights[theory]'")


def _show(verdict: Verdict) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    mark = Text("holds", "green") if verdict.holds else Text("FAILS", "bold red")
    console.print(Text.assemble(mark, "  ", (verdict.name, "bold"), f"  {verdict.claim}"))
    console.print(Text(f"       {verdict.source}", "dim"))
    for each in verdict.quantities:
        style = "" if each.holds else "red"
        console.print(
            Text(f"       {each.name}: {each.measured:.4g}  ({bound(each)})", style), soft_wrap=True
        )
    if verdict.error:
        console.print(Text(f"       {verdict.error}", "red"), soft_wrap=True)


def bound(quantity: Quantity) -> str:
    """The range in which theory puts the quantity: `at most 1e-12`."""
    lowest, highest = f"{quantity.lowest:.4g}", f"{quantity.highest:.4g}"
    if math.isinf(quantity.lowest):
        return f"at most {highest}"
    if math.isinf(quantity.highest):
        return f"at least {lowest}"
    return f"from {lowest} to {highest}"


def _plain(verdict: Verdict) -> dict[str, Any]:
    """As JSON has it; what is no finite number is null."""

    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "name": verdict.name,
        "claim": verdict.claim,
        "source": verdict.source,
        "holds": verdict.holds,
        "quantities": [
            {
                "name": each.name,
                "measured": number(each.measured),
                "lowest": number(each.lowest),
                "highest": number(each.highest),
                "holds": each.holds,
            }
            for each in verdict.quantities
        ],
        "seconds": verdict.seconds,
        "error": verdict.error,
    }
