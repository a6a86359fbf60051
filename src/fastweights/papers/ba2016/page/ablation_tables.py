"""Tables of what the paper leaves open: one choice at a time, and the number of pairs."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from fastweights.papers.ba2016.findings.stages import members, place
from fastweights.report.labels import model_label, model_order
from fastweights.report.seeds import Seeds, error_text, over_seeds, seeds_text, updates_text
from fastweights.report.table import Grid
from fastweights.studies.analysis.settings import Record

DEFAULTS, PAIRS, STEPS = "the defaults", "pairs K", "inner steps S"
"""Choices as the plan names them."""


def ablation_seeds(runs: Iterable[Record]) -> dict[str, dict[tuple[str, str], Seeds]]:
    """By model, then by choice and value, in the order of the plan."""
    groups: dict[str, dict[tuple[str, str], list[Record]]] = {}
    for role, run in members(runs, "ablations"):
        what = str(role.get("choice", "")), str(role.get("value", ""))
        groups.setdefault(place(run)[0], {}).setdefault(what, []).append(run)
    return {
        model: {what: over_seeds(each) for what, each in groups[model].items()}
        for model in sorted(groups, key=model_order)
    }


def ablation_grid(model: str, variants: Mapping[tuple[str, str], Seeds]) -> Grid:
    """Every choice of a model, one at a time."""
    base = variants.get((DEFAULTS, ""))
    return Grid(
        f"ablations-{model}",
        f"What the paper leaves open: {model_label(model)}",
        ("choice", "value", "updates to 1 %", "× updates", "test error %", "× error", "seeds"),
        [
            (
                choice,
                value,
                updates_text(seeds),
                _factor(seeds.updates, base.updates if base else None),
                error_text(seeds),
                _factor(seeds.mean, base.mean if base else None),
                seeds_text(seeds),
            )
            for (choice, value), seeds in variants.items()
            if choice != PAIRS
        ],
        "One choice at a time from the defaults, at R = 50. Updates to 1 %: median over the seeds of the "
        "first evaluation with a validation error of at most 1 %, – if most never came there. ×: against "
        "the defaults.",
    )


def pairs_grid(variants: Mapping[tuple[str, str], Seeds]) -> Grid:
    """The number of pairs, with the floor of each."""
    rows = [
        (
            str(number),
            f"{100 * seeds.runs[0]['floor']:.2f}",
            error_text(seeds),
            updates_text(seeds),
            seeds_text(seeds),
        )
        for number, seeds in numbered(variants, PAIRS, "task", "num_pairs")
    ]
    return Grid(
        "pairs",
        "Pairs to remember",
        ("K", "floor %", "test error %", "updates to 1 %", "seeds"),
        rows,
        "Fast weights, R = 50, the defaults: strings of K pairs, 2 K + 3 symbols.",
    )


def numbered(
    variants: Mapping[tuple[str, str], Seeds], choice: str, room: str, name: str
) -> list[tuple[int, Seeds]]:
    """The seeds of each value of a choice that is a whole number, an option in a room of the specification;
    those of the defaults too."""
    found: dict[int, Seeds] = {}
    for (which, _), seeds in variants.items():
        options: Any = seeds.runs[0]["specification"]
        for each in room.split("."):
            options = options.get(each) or {}
        if which in (choice, DEFAULTS) and isinstance(options.get(name), int):
            found[options[name]] = seeds
    return sorted(found.items(), key=lambda item: item[0]) if len(found) > 1 else []


def _factor(value: float | None, base: float | None) -> str:
    """`× 2.4`, where both are numbers and the base is not 0."""
    if value is None or base is None or not base or not math.isfinite(value) or not math.isfinite(base):
        return ""
    return f"{value / base:.2g}" if value < 100 * base else f"{value / base:,.0f}"
