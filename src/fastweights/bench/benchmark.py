"""Whole benchmarks by name: what they measure, and the record they leave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from fastweights.bench.baselines import BASELINES, OURS, get_baseline, why_not
from fastweights.bench.cases import Case
from fastweights.bench.inputs import make_inputs
from fastweights.bench.measurements import Record, Report, compare, share_cores, sweep
from fastweights.bench.plans import CaseGrid, sweeps
from fastweights.bench.roofline import measured_peaks
from fastweights.errors import UnknownNameError, check, check_positive
from fastweights.machine import available_cores
from fastweights.runs.worker import environment


@dataclass(frozen=True)
class Benchmark:
    """What is measured, how often, and for how long each time.

    Raises: InvalidValueError or UnknownNameError for numbers out of range and unknown names.
    """

    measure: Callable[["Benchmark", Report], Record]
    grid: CaseGrid
    baselines: Sequence[str]
    rounds: int
    seconds: float
    """How long a repeat lasts, about."""

    def __post_init__(self) -> None:
        for name in self.baselines:
            get_baseline(name)
        check(self.rounds >= 1, f"rounds must be at least 1; got {self.rounds}")
        check_positive("seconds", self.seconds)

    def run(self, report: Report) -> Record:
        """Measure; the record names the machine and the versions."""
        # This builds the library's kernels, once for a machine: that is an installation, not a compilation.
        versions = _environment()
        report("the rate of a matrix product")
        about = {
            "environment": versions,
            "rounds": self.rounds,
            "seconds_a_repeat": self.seconds,
            "peak_gigaflops": measured_peaks(available_cores()[-1]),
        }
        return about | self.measure(self, report)


def measure_table(benchmark: Benchmark, report: Report) -> Record:
    """Every baseline on every case of the grid; then the library on all cores."""
    how = benchmark.rounds, benchmark.seconds, report
    inputs_of = {case: make_inputs(case) for case in benchmark.grid.cases()}
    comparisons = [compare(case, benchmark.baselines, inputs, *how) for case, inputs in inputs_of.items()]
    measured = inputs_of if OURS in benchmark.baselines else {}
    cores = [share_cores(case, inputs, *how) for case, inputs in measured.items()]
    return {"kind": "table", "comparisons": comparisons, "cores": cores}


def measure_scaling(benchmark: Benchmark, report: Report) -> Record:
    """Every baseline that can do it along every size with several values; then the library on all cores."""
    how = benchmark.rounds, benchmark.seconds, report
    inputs_of, measured = cache(make_inputs), []
    for axis, cases in sweeps(benchmark.grid):
        for name in benchmark.baselines:
            if reasons := [reason for case in cases if (reason := why_not(name, case))]:
                report(f"{name} is left out along {axis}: {reasons[-1]}")
                continue
            points = sweep(cases, name, inputs_of, *how)
            measured.append({"model": cases[0].model, "axis": axis, "baseline": name, "points": points})
    middle = [Case(model, 50, task=benchmark.grid.task) for model in benchmark.grid.models]
    cores = [share_cores(case, inputs_of(case), *how) for case in middle if OURS in benchmark.baselines]
    return {"kind": "scaling", "sweeps": measured, "cores": cores}


# Evenly spread on a logarithmic axis.
_HIDDEN_SIZES = "10 12 14 16 18 20 23 26 30 34 39 45 50 57 65 75 87 100 115 130 150 175 200"
_SWEPT = CaseGrid(
    hidden_sizes=tuple(map(int, _HIDDEN_SIZES.split())),
    num_pairs=tuple(range(2, 21)),
    batch_sizes=(16, 32, 64, 128, 256, 512),
    runs=(1, 2, 4, 8),
)
_ONE_CASE = CaseGrid(models=("fast-weights",), hidden_sizes=(50,))

BENCHMARKS = {
    "table": Benchmark(measure_table, CaseGrid(), tuple(BASELINES), rounds=7, seconds=0.5),
    "scaling": Benchmark(measure_scaling, _SWEPT, (OURS, "jax-scan"), rounds=5, seconds=0.2),
    "quick": Benchmark(measure_table, _ONE_CASE, tuple(BASELINES), rounds=3, seconds=0.2),
}


_GRID_FIELDS = {field.name for field in fields(CaseGrid)}
CHANGEABLE = {"baselines", "rounds", "seconds", *_GRID_FIELDS}
"""What `get_benchmark` can replace."""


def get_benchmark(name: str, changes: dict[str, Any]) -> Benchmark:
    """The benchmark of that name with some of its numbers, or its grid's, replaced; what is None or empty
    stays.

    Raises: UnknownNameError or InvalidValueError.
    """
    if name not in BENCHMARKS:
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {', '.join(BENCHMARKS)}")
    benchmark = BENCHMARKS[name]
    unique = {key: tuple(dict.fromkeys(v)) if isinstance(v, tuple) else v for key, v in changes.items()}
    given = {key: value for key, value in unique.items() if value not in (None, ())}
    of_grid = _GRID_FIELDS & given.keys()
    grid = replace(benchmark.grid, **{key: given.pop(key) for key in of_grid})
    return replace(benchmark, grid=grid, **given)


def _environment() -> dict[str, Any]:
    torch = {"torch": metadata.version("torch")} if find_spec("torch") else {}
    return {**environment(), **torch}
