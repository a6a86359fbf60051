"""Tables of what the paper leaves open: one choice at a time, and the number of pairs."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from fastweights.papers.ba2016.findings.stages import place, stage_settings
from fastweights.papers.ba2016.names import DEFAULTS, PAIRS, Stage
from fastweights.report.labels import Rounded, model_label, model_order
from fastweights.report.setting_texts import error_text, seeds_text, unit_of, updates_text
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import Record
from fastweights.studies.analysis.settings import Setting


def ablation_settings(runs: Iterable[Record]) -> dict[str, dict[tuple[str, str], Setting]]:
    """By model, then by choice and value, in the order of the plan."""
    settings = stage_settings(
        runs,
        Stage.ABLATIONS,
        lambda tags, run: (place(run)[0], str(tags.get("choice", "")), str(tags.get("value", ""))),
    )
    return {
        model: {
            (choice, value): settings[which, choice, value]
            for which, choice, value in settings
            if which == model
        }
        for model in sorted({model for model, _, _ in settings}, key=model_order)
    }


def ablation_table(model: str, variants: Mapping[tuple[str, str], Setting]) -> Table:
    """Every choice of a model, one at a time."""
    base = variants.get((DEFAULTS, ""), Setting(()))
    return Table.of(
        f"ablations-{model}",
        f"What the paper leaves open: {model_label(model)}",
        [variant for variant in variants.items() if variant[0][0] != PAIRS],
        {
            Column("choice", "word"): lambda variant: variant[0][0],
            Column("value", "word"): lambda variant: variant[0][1],
            "updates to 1 %": lambda variant: updates_text(variant[1]),
            "× updates": lambda variant: _factor(variant[1].updates_to_goal, base.updates_to_goal),
            "test error %": lambda variant: error_text(variant[1]),
            "× error": lambda variant: _factor(variant[1].test_error, base.test_error),
            "seeds": lambda variant: seeds_text(variant[1]),
        },
        "One choice at a time from the defaults, at R = 50. Updates to 1 %: median over the seeds of the "
        "first evaluation with a validation error of at most 1 %, – if most never came there. ×: against "
        "the defaults.",
    )


def pairs_table(variants: Mapping[tuple[str, str], Setting]) -> Table:
    """The number of pairs, with the floor of each."""
    return Table.of(
        "pairs",
        "Pairs to remember",
        [setting for _, setting in numbered(variants, PAIRS, "task", "num_pairs")],
        {
            "K": lambda setting: str(setting.options["task"]["num_pairs"]),
            "floor %": lambda setting: unit_of(setting).full_text(setting.floor),
            "test error %": error_text,
            "updates to 1 %": updates_text,
            "seeds": seeds_text,
        },
        "Fast weights, R = 50, the defaults: strings of K pairs, 2 K + 3 symbols.",
    )


def numbered(
    variants: Mapping[tuple[str, str], Setting], choice: str, *path: str
) -> list[tuple[int, Setting]]:
    """The settings of each value of a choice that is a whole number, at this path in the specification; the
    defaults are among them."""
    settings: dict[int, Setting] = {}
    for (which, _), setting in variants.items():
        value: Any = setting.options
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if which in (choice, DEFAULTS) and isinstance(value, int):
            settings[value] = setting
    return sorted(settings.items(), key=lambda item: item[0]) if len(settings) > 1 else []


def _factor(value: float | None, base: float | None) -> str:
    """`× 2.4`, where both are numbers and the base is not 0."""
    if value is None or base is None or not base or not math.isfinite(value) or not math.isfinite(base):
        return ""
    factor = value / base
    return Rounded(f"{factor:.2g}" if factor < 100 else f"{factor:,.0f}", {"": factor})
