"""What the verification of Ba et al. 2016 costs: its plan, carried out on paper.

    .venv/bin/python benchmarks/plan_cost.py --dir results/table1 [--into docs/plan.md]

Runs that the record lacks are given made-up outcomes, until the plan asks for no more; they cost what the
record says of an update of their model and size, the lower quartile of its runs. Prints the table of
docs/plan.md, or puts it there.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import quantiles
from typing import Any

from fastweights.papers.ba2016.findings.stages import place_settings
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.plan.stages import STAGES
from fastweights.report.documents import fill
from fastweights.report.table import Column, Table
from fastweights.runs.specification import RunSpecification
from fastweights.studies.analysis.runs import Record, grouped, outcome
from fastweights.studies.description import get_preset
from fastweights.studies.plans import Choice, Planned
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store

Seconds = Mapping[tuple[str, int], float]
"""An update takes, by model and size."""


def made_up(run: RunSpecification, usual: Mapping[tuple[str, int], float]) -> Record:
    """An outcome as the recorded table has it, that makes the search end away from the edge of its rates."""
    error = usual.get((run.model, run.hidden_size), 0.03)
    shown = error * (1 + 0.1 * abs(log(run.training.learning_rate / 1e-3)))
    return {
        "id": run.identifier,
        "specification": run.to_json(),
        "floor": run.task.floor(),
        "state": "finished",
        "curve": [[run.training.updates, 0.1, min(shown, 1.0), -0.1]],
        "result": {"test_error": error, "best_test_error": error, "test_count": run.data.test},
    }


def whole_plan(recorded: Mapping[str, Record]) -> list[Planned]:
    """All runs that the plan comes to ask for."""
    ended = {name: run for name, run in recorded.items() if outcome(run) in ("finished", "failed")}
    plan, known = get_preset("paper").plan(Choice()), dict(ended)
    table = place_settings(list(recorded.values()), Stage.TABLE)
    usual = {where: setting.test_error for where, setting in table.items() if setting.test_error is not None}
    while True:
        planned = list(plan(known))
        missing = [entry.specification for entry in planned if entry.specification.identifier not in known]
        if not missing:
            return planned
        known |= {run.identifier: made_up(run, usual) for run in missing}


def seconds_an_update(recorded: Mapping[str, Record]) -> Seconds:
    """The lower quartile, as others were at work on most of the machines."""
    finished = [run for run in recorded.values() if outcome(run) == "finished"]

    def shape(run: Record) -> tuple[str, int]:
        return run["specification"]["model"]["name"], run["specification"]["model"]["hidden_size"]

    return {
        which: quantiles(
            [run["result"]["seconds"] / run["specification"]["training"]["updates"] for run in runs]
        )[0]
        for which, runs in grouped(finished, shape).items()
        if len(runs) > 1
    }


@dataclass(frozen=True)
class Cost:
    """Of some runs of the plan."""

    runs: Mapping[str, RunSpecification]
    recorded: Mapping[str, Record]
    seconds: Seconds

    @property
    def left(self) -> list[RunSpecification]:
        """Those that have not ended."""
        return [
            run
            for name, run in self.runs.items()
            if name not in self.recorded or outcome(self.recorded[name]) not in ("finished", "failed")
        ]

    @property
    def hours(self) -> float:
        """Of one core, for what is left."""
        seconds = (run.training.updates * self.seconds[run.model, run.hidden_size] for run in self.left)
        return sum(seconds) / 3600

    def row(self, *words: str) -> list[str]:
        """The cells of a row that begins with these."""
        done = len(self.runs) - len(self.left)
        return [*words, f"{len(self.runs):,}", f"{done:,}", f"{len(self.left):,}", f"{self.hours:.1f}"]


def table(folder: Path) -> Table:
    """By stage, in the order of the plan."""
    recorded = {run["id"]: run for run in Store(*locate(folder)).results()["runs"]}
    seconds, stages = seconds_an_update(recorded), dict[Any, dict[str, RunSpecification]]()
    counted: set[str] = set()
    for entry in whole_plan(recorded):
        name = entry.specification.identifier
        if name not in counted:  # a run of two stages costs once
            stages.setdefault(entry.tags["part"], {})[name] = entry.specification
        counted.add(name)
    order = [stage for stage in Stage if stage in stages]
    order.sort(key=lambda stage: list(STAGES).index(stage) if stage in STAGES else len(STAGES))
    costs = {stage: Cost(stages[stage], recorded, seconds) for stage in order}
    everything = Cost(
        {name: run for runs in stages.values() for name, run in runs.items()}, recorded, seconds
    )
    rows = [cost.row(stage, stage.about) for stage, cost in costs.items()]
    headings = (Column("part", "word"), Column("what it is about", "word"))
    numbers = map(Column, ("runs", "ended", "left", "core hours left"))
    return Table("plan", "", [*headings, *numbers], [*rows, everything.row("all", "")], bold={len(rows)})


def main() -> None:
    """Print, or put into the document."""
    parser = argparse.ArgumentParser(description="What the verification of Ba et al. 2016 costs.")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--into", type=Path)
    arguments = parser.parse_args()
    text = table(arguments.dir).markdown()
    if arguments.into is None:
        print(text)
    else:
        fill(arguments.into, {"plan": text}, arguments.dir.resolve().name)


if __name__ == "__main__":
    main()
