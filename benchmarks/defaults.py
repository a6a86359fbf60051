"""Why the defaults are what they are: one option changed at a time.

    .venv/bin/python benchmarks/defaults.py --dir results/defaults [--workers N]

Runs what is missing in the folder and prints the tables of docs/defaults.md: K = 4, Adam, batches of 128;
seeds 0 to 4 for the setting in question, 0 and 1 for the variants.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.studies.coordinator import run_study
from fastweights.studies.executors import LocalExecutor, available_cores
from fastweights.studies.presets import recommended
from fastweights.studies.specification import RunSpecification
from fastweights.studies.store import Run, Store
from fastweights.studies.worker import Outcome
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

SEEDS, VARIANT_SEEDS = range(5), range(2)


def groups() -> dict[str, dict[str, RunSpecification]]:
    """By table, the setting in question and its variants, named by what they change; all with seed 0."""
    tables = {}
    for size, updates in ((50, 5_000), (100, 2_500)):
        base = RunSpecification(
            AssociativeRetrieval(),
            hidden_size=size,
            training=TrainingOptions(updates=updates),
        )
        tables[f"R = {size}, {updates:,} updates"] = variants(base) if size == 50 else {"the defaults": base}
    small = RunSpecification(
        AssociativeRetrieval(),
        hidden_size=20,
        cell=recommended("fast-weights", 20),
        training=TrainingOptions(updates=30_000),
    )
    tables["R = 20, 30,000 updates"] = small_variants(small)
    return tables


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
        "embedding N(0, 0.3²)": classifier(embedding_scale=0.3),
        "embedding uniform, 50 to 100 (the paper's)": classifier(
            embedding="expanded", embedding_init="uniform"
        ),
    }


def small_variants(base: RunSpecification) -> dict[str, RunSpecification]:
    """From the setting for small networks back to the defaults, one option at a time."""
    plain = FastWeightsOptions()
    found = {"the setting for small networks": base}
    for name in ("decay", "norm_bias", "preliminary_norm"):
        value = getattr(plain, name)
        if getattr(base.cell, name) != value:
            found[f"{name} {value}"] = replace(base, cell=replace(base.cell, **{name: value}))
    return {**found, "the defaults": replace(base, cell=plain)}


def seeded(base: RunSpecification, *, first: bool) -> list[RunSpecification]:
    """The specification with each of its seeds."""
    return [replace(base, seed=seed) for seed in (SEEDS if first else VARIANT_SEEDS)]


class Lines:
    """A listener that prints a line for each run that ends."""

    def planned(self, runs: Sequence[Run]) -> None:
        """Say how much there is to do."""
        print(f"{sum(run.state == 'running' for run in runs)} runs to do", file=sys.stderr)

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        """Nothing: the table comes at the end."""

    def ended(self, run: Run, outcome: Outcome) -> None:
        """One line."""
        print(run.identifier, outcome["state"], outcome["failure"] or "", file=sys.stderr, flush=True)


def table(store: Store, group: dict[str, RunSpecification]) -> str:
    """Test error in per cent after the last update."""
    runs = {run.identifier: run for run in store.runs()}
    lines = ["| variant | mean | each seed |", "|---|---|---|"]
    for name, base in group.items():
        found = [runs[each.identifier] for each in seeded(base, first=name == next(iter(group)))]
        errors = [100 * run.outcome["result"]["test_error"] for run in found if run.state == "finished"]
        failed = [f"failed ({run.outcome['failure']})" for run in found if run.state == "failed"]
        mean = f"{statistics.mean(errors):.2f}" if errors else "–"
        lines.append(f"| {name} | {mean} | {', '.join([f'{e:.2f}' for e in errors] + failed)} |")
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=available_cores())
    arguments = parser.parse_args()
    tables = groups()
    specifications = [
        each
        for group in tables.values()
        for name, base in group.items()
        for each in seeded(base, first=name == next(iter(group)))
    ]
    store = run_study(
        arguments.dir, "defaults", specifications, lambda: LocalExecutor(arguments.workers), Lines()
    )
    for title, group in tables.items():
        print(f"\n### {title}\n\n{table(store, group)}")


if __name__ == "__main__":
    main()
