"""Why the defaults are what they are: one option changed at a time.

    .venv/bin/python benchmarks/defaults.py --dir results/defaults [--workers N]

Carries out the runs that the folder lacks, and prints the tables of docs/defaults.md: K = 4, Adam, batches of
128; seeds 0 to 4 for the setting in question, 0 and 1 for the variants, and 5 to 19 for two that differ in
their worst seeds only.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions
from fastweights.machine import available_cores
from fastweights.report.labels import last_line
from fastweights.runs.specification import RunSpecification
from fastweights.runs.worker import Outcome
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.execution.local import LocalExecutor
from fastweights.studies.plans import fixed
from fastweights.studies.record.store import Run, Store
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

FRESH = range(5, 20)

Group = dict[str, list[RunSpecification]]
"""Runs with several seeds, by the name of their setting."""


def groups() -> dict[str, Group]:
    """By table, the setting in question and its variants, named by what they change."""
    tables = {}
    for size, updates in ((50, 5_000), (100, 2_500)):
        base = RunSpecification(
            AssociativeRetrieval(),
            hidden_size=size,
            training=TrainingOptions(updates=updates),
        )
        title, settings = f"R = {size}, {updates:,} updates", variants(base)
        tables[title] = with_seeds(settings if size == 50 else {"the defaults": base})
        two = ("the defaults", "embedding N(0, 0.5²)")
        tables[f"{title}, fresh seeds"] = {name: seeded(settings[name], FRESH) for name in two}
    small = RunSpecification(
        AssociativeRetrieval(),
        hidden_size=20,
        cell=FastWeights.recommended(20),
        training=TrainingOptions(updates=30_000),
    )
    tables["R = 20, 30,000 updates"] = with_seeds(small_variants(small))
    return tables


def with_seeds(settings: dict[str, RunSpecification]) -> Group:
    """Five seeds for the first, two for its variants."""
    first, *_ = settings
    return {name: seeded(run, range(5 if name == first else 2)) for name, run in settings.items()}


def seeded(base: RunSpecification, seeds: range) -> list[RunSpecification]:
    """The specification with each of the seeds."""
    return [replace(base, seed=seed) for seed in seeds]


def variants(base: RunSpecification) -> dict[str, RunSpecification]:
    """One option changed at a time from the defaults."""

    def cell(**changes) -> RunSpecification:
        return replace(base, cell=replace(base.cell, **changes))

    def training(**changes) -> RunSpecification:
        return replace(base, training=replace(base.training, **changes))

    def classifier(**changes) -> RunSpecification:
        return replace(base, classifier=replace(base.classifier, **changes))

    return {
        "the defaults": base,
        "schedule constant": training(schedule="constant"),
        "learning rate 3e-3": training(learning_rate=3e-3),
        "decay 0.95": cell(decay=0.95),
        "LN bias 0": cell(norm_bias=0.0),
        "LN bias 1": cell(norm_bias=1.0),
        "LN on h_0 shared": cell(preliminary_norm="shared"),
        "A one step late": cell(write_time="late"),
        "LN[W h + C x] + A h": cell(norm="outside"),
        "no LN": cell(norm="none"),
        "embedding N(0, 0.5²)": classifier(embedding_scale=0.5),
        "embedding N(0, 0.3²)": classifier(embedding_scale=0.3),
        "embedding uniform, 50 to 100 (the paper's)": classifier(
            embedding="expanded", embedding_init="uniform"
        ),
    }


def small_variants(base: RunSpecification) -> dict[str, RunSpecification]:
    """From the setting for small networks back to the defaults, one option at a time; a larger LN bias."""
    plain = FastWeightsOptions()
    settings = {"the setting for small networks": base}
    for name, value in (
        ("decay", plain.decay),
        ("preliminary_norm", plain.preliminary_norm),
        ("norm_bias", 1.0),
    ):
        settings[f"{name} {value}"] = replace(base, cell=replace(base.cell, **{name: value}))
    return {**settings, "the defaults": replace(base, cell=plain)}


class Lines:
    """A listener that prints a line for each run that ends."""

    def planned(self, runs: Sequence[Run]) -> None:
        """Print the number of runs that are not finished."""
        done = sum(run.state in ("finished", "failed") for run in runs)
        print(f"{len(runs) - done} runs to do", file=sys.stderr)

    def began(self, run: Run) -> None:
        """Nothing: its line is printed when it ends."""

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        """Nothing: the table comes at the end."""

    def crashed(self, run: Run, reason: str) -> None:
        """One line."""
        print(run.identifier, "crashed", last_line(reason), file=sys.stderr, flush=True)

    def ended(self, run: Run, outcome: Outcome) -> None:
        """One line."""
        print(run.identifier, outcome["state"], outcome["failure"] or "", file=sys.stderr, flush=True)


def table(store: Store, group: Group) -> str:
    """Test error in per cent after the last update."""
    runs = {run.identifier: run for run in store.runs()}
    lines = ["| variant | mean | each seed |", "|---|---|---|"]
    for name, specifications in group.items():
        chosen = [runs[run.identifier] for run in specifications]
        errors = [100 * run.outcome["result"]["test_error"] for run in chosen if run.state == "finished"]
        failed = [f"failed ({run.outcome['failure']})" for run in chosen if run.state == "failed"]
        mean = f"{statistics.mean(errors):.2f}" if errors else "–"
        lines.append(f"| {name} | {mean} | {', '.join([f'{e:.2f}' for e in errors] + failed)} |")
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=len(available_cores()))
    arguments = parser.parse_args()
    tables = groups()
    specifications = [run for group in tables.values() for runs in group.values() for run in runs]
    store = run_plan(
        arguments.dir,
        "defaults",
        fixed(specifications),
        lambda: LocalExecutor(arguments.workers),
        Lines(),
    )
    for title, group in tables.items():
        print(f"\n### {title}\n\n{table(store, group)}")


if __name__ == "__main__":
    main()
