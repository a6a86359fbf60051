"""`fastweights reproduce`: a whole study, its table and its report."""

import importlib.util
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastweights.cli.main import parse
from fastweights.cli.progress import Bars
from fastweights.errors import FastweightsError
from fastweights.files import write_atomically
from fastweights.machine import available_cores
from fastweights.studies.coordinator import run_study
from fastweights.studies.executors import LocalExecutor
from fastweights.studies.presets import get_preset
from fastweights.studies.specification import RunSpecification
from fastweights.studies.store import Run
from fastweights.studies.worker import Outcome


@dataclass(frozen=True)
class Reproduce:
    """What `fastweights reproduce` is told."""

    dir: Path
    """The study's folder; runs that are finished there are not run again."""

    preset: str = "quick"
    """quick (two minutes), paper (hours), or smoke (a test)."""

    models: tuple[str, ...] = ()
    """Models to compare; by default irnn, lstm and fast-weights."""

    hidden_sizes: tuple[int, ...] = ()
    """Sizes R of the hidden layer; by default 20, 50 and 100."""

    seeds: int | None = None
    """Seeds 0 … N-1 for each setting; by default the preset's."""

    workers: int | None = None
    """Worker processes; by default one for each core."""

    json: bool = False
    """Print results.json instead of the table."""


class ProgressBars:
    """The coordinator's listener: a bar for each run that has something to do."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def planned(self, runs: Sequence[Run]) -> None:
        finished = sum(run.state == "finished" for run in runs)
        if finished:
            print(f"{finished} of {len(runs)} runs are finished already", file=sys.stderr)
        for run in runs:
            if run.state == "running":
                model, training = run.specification["model"], run.specification["training"]
                name = f"{model['name']} R={model['hidden_size']} seed {run.specification['seed']}"
                self._bars.add(run.identifier, name, training["updates"])

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        self._bars.advance(run.identifier, update, validation_error)

    def ended(self, run: Run, outcome: Outcome) -> None:
        self._bars.end(run.identifier, failed=outcome["state"] != "finished")


def run(arguments: Sequence[str]) -> int:
    """Run the study, then write results.json and the report, and print the table and the paths."""
    options = parse(Reproduce, arguments, "reproduce")
    for package in ("matplotlib", "jinja2"):
        if importlib.util.find_spec(package) is None:
            raise FastweightsError(f"the report needs {package}: pip install 'fastweights[report]'")
    preset = get_preset(options.preset)
    specifications = preset.specifications(options.models, options.hidden_sizes, options.seeds)
    workers = min(options.workers or len(available_cores()), len(specifications))
    if options.workers is not None and options.workers < 1:
        raise FastweightsError(f"workers must be at least 1; got {options.workers}")
    try:
        with Bars() as bars:
            store = run_study(
                options.dir,
                options.preset,
                specifications,
                lambda: LocalExecutor(workers),
                ProgressBars(bars),
            )
    except KeyboardInterrupt:
        print(f"\nstopped; the same command goes on from here: {options.dir}", file=sys.stderr)
        raise
    floors = {
        run.identifier: RunSpecification.from_json(run.specification).task.floor() for run in store.runs()
    }
    results = store.results(floors)
    return report(results, options.dir, as_json=options.json)


def report(results: dict, directory: Path, *, as_json: bool) -> int:
    """Write results.json and the report into the folder, print the table and the paths."""
    from rich.console import Console

    from fastweights.report.page import write_report
    from fastweights.report.tables import terminal_table

    text = json.dumps(results, indent=1, allow_nan=False)
    write_atomically(directory / "results.json", text.encode())
    paths = [directory / "results.json", *write_report(results, directory)]
    if as_json:
        print(text)
    else:
        Console().print(terminal_table(results))
        for path in paths:
            print(f"wrote {path}")
    failed = [run for run in results["runs"] if run["state"] == "failed"]
    for each in failed:
        reason = (each["failure"] or "").strip().splitlines()[-1:]
        print(f"fastweights: run {each['id']} failed: {' '.join(reason)}", file=sys.stderr)
    return 1 if failed else 0
