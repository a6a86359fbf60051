"""Numbers of the comparison (`results/table1`), by name: `table.fast-weights.20.mean`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from article.names import OPEN, slug
from fastweights.papers.ba2016.findings.stages import runs_of, with_role
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import Verdict, training_sets
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.page.ablation_tables import ablation_settings
from fastweights.papers.ba2016.page.figure_2 import figure_2_settings
from fastweights.report.labels import duration, percent, published_percent
from fastweights.report.setting_texts import (
    error_text,
    length_text,
    parameters_text,
    range_text,
    seeds_text,
    updates_text,
)
from fastweights.studies.analysis.runs import Record, outcome
from fastweights.studies.analysis.settings import Setting

_OF_SETTING: Mapping[str, Callable[[Setting], str]] = {
    "mean": error_text,
    "median": lambda setting: percent(median(setting.test_errors)) if setting.finished else "",
    "range": range_text,
    "seeds": seeds_text,
    "reach": updates_text,
    "parameters": parameters_text,
    "state": lambda setting: f"{setting.state_size:,}" if setting.finished and setting.state_size else "",
    "sets": lambda setting: str(training_sets(setting.runs)) if setting.planned else "",
}


def numbers(results: Mapping[str, Any], entries: Sequence[TableEntry]) -> dict[str, str]:
    """All of them; what no run says is "open"."""
    runs: Sequence[Record] = results["runs"]
    found = dict(_protocol(entries))
    for entry in entries:
        where = f"{entry.model}.{entry.hidden_size}"
        found |= _of_setting(f"table.{where}", entry.table) | _of_setting(
            f"letter.{where}", entry.as_published
        )
        found |= {
            f"paper.{where}": published_percent(entry.paper),
            f"project.{where}": published_percent(entry.term_project) or "none",
            f"table.{where}.verdict": _word(entry.verdict),
            f"table.{where}.run": str((entry.verdict and entry.verdict.run) or OPEN),
            f"letter.{where}.verdict": _word(entry.verdict_on(entry.as_published)),
        }
    for model, variants in ablation_settings(runs).items():
        for (choice, value), setting in variants.items():
            found |= _of_setting(f"ablation.{model}.{slug(f'{choice} {value}')}", setting)
    for setting in figure_2_settings(runs).values():
        found["protocol.figure-2"] = length_text(setting)
    return found | dict(_extent(runs))


def _of_setting(name: str, setting: Setting) -> dict[str, str]:
    return {f"{name}.{what}": text(setting) or OPEN for what, text in _OF_SETTING.items()}


def _word(verdict: Verdict | None) -> str:
    return verdict.word if verdict else OPEN


def _protocol(entries: Sequence[TableEntry]) -> Iterator[tuple[str, str]]:
    """What the runs of the table have in common, as their specifications say it."""
    specification = next(entry.table.runs[0]["specification"] for entry in entries if entry.table.runs)
    for name in ("train", "validation", "test"):
        yield f"protocol.{name}", f"{specification['data'][name]:,}"
    yield "protocol.pairs", str(specification["task"]["num_pairs"])
    yield "protocol.batch", str(specification["training"]["batch_size"])
    longest = max(entry.table.options["training"]["updates"] for entry in entries if entry.table.runs)
    yield "protocol.updates", f"{longest:,}"
    yield "protocol.floor", f"{100 * entries[0].floor:.2f}"


def _extent(runs: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """How much was run."""
    asked = with_role(runs)
    finished = [run for run in asked if outcome(run) == "finished"]
    yield "runs.apart", f"{len(runs) - len(asked):,}"
    yield "runs.finished", f"{len(finished):,}"
    yield "runs.failed", str(sum(outcome(run) == "failed" for run in asked))
    yield "runs.hours", duration(sum(run["result"]["seconds"] for run in finished))
    for stage in Stage:
        yield f"runs.{stage}", f"{len([run for run in runs_of(runs, stage) if outcome(run) == 'finished']):,}"
