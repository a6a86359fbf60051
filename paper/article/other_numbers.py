"""Numbers of the other records: further tasks, the default study's, and the speed of an update."""

import json
from collections.abc import Iterator
from statistics import median

from article.names import OPEN
from article.studies import RESULTS, study
from fastweights.report.setting_texts import (
    error_text,
    parameters_text,
    range_text,
    seeds_text,
    state_text,
    unit_of,
    updates_text,
)
from fastweights.report.study_table import StudyTables
from fastweights.studies.analysis.settings import Setting

TASKS = ("many-pairs", "parity", "adding", "recall")
"""The studies of other tasks, by the folders of their records."""


def numbers() -> dict[str, str]:
    """`many-pairs.8.fast-weights.mean`, `parity.lstm.mean`, `speed.fast-weights.50.torch-compile`."""
    found = {name: text or OPEN for task in TASKS for name, text in _task(task)}
    return found | dict(_speed())


def settings(task: str) -> dict[str, Setting]:
    """What a study of another task reports: by `many-pairs.8.lstm`, or by `parity.lstm`."""
    found = {}
    for selection in StudyTables(study(task)["runs"]).selections:
        options, model = selection.selected.options, selection.selected.model
        where = (
            f"{task}.{options['task']['num_pairs']}.{model}" if task == "many-pairs" else f"{task}.{model}"
        )
        found[where] = selection.reported or Setting(())
    return found


def _task(name: str) -> Iterator[tuple[str, str]]:
    for where, setting in settings(name).items():
        yield f"{where}.mean", error_text(setting)
        yield f"{where}.range", range_text(setting)
        yield f"{where}.seeds", seeds_text(setting)
        yield f"{where}.state", state_text(setting)
        yield f"{where}.parameters", parameters_text(setting)
        yield f"{where}.reach", updates_text(setting)
        if setting.planned:
            share = f"{100 * setting.floor:.2f}", f"{setting.floor:.4f}"
            yield f"{where}.floor", share[0] if unit_of(setting).in_percent else share[1]
            yield f"{where}.updates", f"{setting.options['training']['updates']:,}"


def _speed() -> Iterator[tuple[str, str]]:
    """Milliseconds an update, and how many times as long each baseline takes: medians over rounds."""
    table = json.loads((RESULTS / "speed" / "table.json").read_text(encoding="utf-8"))
    for comparison in table["comparisons"]:
        case, contenders = comparison["case"], comparison["contenders"]
        where = f"speed.{case['model']}.{case['hidden_size']}"
        ours = contenders["fastweights"]["milliseconds"]
        yield f"{where}.ms", f"{median(ours):.3g}"
        for name, contender in contenders.items():
            ratios = [theirs / own for theirs, own in zip(contender["milliseconds"], ours, strict=False)]
            yield f"{where}.{name}", f"{median(ratios):.1f}"
