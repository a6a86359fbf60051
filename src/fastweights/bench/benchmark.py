"""Whole benchmarks by name: what they measure, and the record they leave."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from itertools import product
from typing import Any

from fastweights import registry
from fastweights.bench.baselines import BASELINES, OURS, get_baseline, why_not
from fastweights.bench.cases import DEFAULT_TASK, Case
from fastweights.bench.inputs import has_pairs, make_inputs, task_of
from fastweights.bench.measurements import Record, Report, compare, share_cores, sweep
from fastweights.bench.roofline import measured_peaks
from fastweights.errors import UnknownNameError, check, check_positive
from fastweights.machine import available_cores
from fastweights.runs.environment import environment


@dataclass(frozen=True)
class Benchmark:
    """Which cases are measured, by which baselines, how often, and for how long each time.

    Raises: InvalidValueError or UnknownNameError for numbers out of range and unknown names.
    """

    measure: Callable[["Benchmark", Report], Record]
    baselines: Sequence[str]
    rounds: int
    seconds: float
    """How long a repeat lasts, about."""

    models: Sequence[str] = ("irnn", "lstm", "fast-weights")
    hidden_sizes: Sequence[int] = (20, 50, 100)
    num_pairs: Sequence[int] = (4,)
    batch_sizes: Sequence[int] = (128,)
    runs: Sequence[int] = (1,)
    task: str = DEFAULT_TASK
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the task, by name."""

    def __post_init__(self) -> None:
        for name in self.baselines:
            get_baseline(name)
        check(self.rounds >= 1, f"rounds must be at least 1; got {self.rounds}")
        check_positive("seconds", self.seconds)
        fixed = has_pairs(registry.tasks[self.task]) or len(self.num_pairs) == 1
        check(fixed, f"the task {self.task} has no num_pairs to vary")
        for model in self.models:
            registry.cells[model]
        check(bool(self.models) and all(self._sizes().values()), "nothing to measure: a list is empty")
        # Each size by itself: all of them together are tens of thousands of cases.
        first = {axis: values[0] for axis, values in self._sizes().items()}
        for axis, value in ((axis, value) for axis, values in self._sizes().items() for value in values):
            task_of(Case(self.models[0], task=self.task, options=self.options, **{**first, axis: value}))

    def _sizes(self) -> dict[str, Sequence[int]]:
        """The values of each size, by the name of a case's field."""
        sizes = self.hidden_sizes, self.num_pairs, self.batch_sizes, self.runs
        return dict(zip(("hidden_size", "num_pairs", "batch_size", "runs"), sizes, strict=True))

    def cases(self) -> list[Case]:
        """Every combination of the sizes, models within hidden sizes."""
        sizes = product(self.hidden_sizes, self.models, self.num_pairs, self.batch_sizes, self.runs)
        rest = self.task, self.options
        return [Case(model, size, pairs, batch, runs, *rest) for size, model, pairs, batch, runs in sizes]

    def sweeps(self) -> Iterator[tuple[str, list[Case]]]:
        """For each model and size with several values, the size's name and the cases that differ in it; the
        other sizes are then R = 50, K = 4, batch 128, one run, or the only value that there is."""
        axes = self._sizes()
        fixed = {axis: values[0] for axis, values in axes.items() if len(values) == 1}
        for model, (axis, values) in product(self.models, axes.items()):
            if len(values) > 1:
                base = replace(Case(model, 50, task=self.task, options=self.options), **fixed)
                yield axis, [replace(base, **{axis: value}) for value in sorted(set(values))]

    def run(self, report: Report) -> Record:
        """Measure; the record names the machine and the versions."""
        # This builds the library's kernels, once for a machine: that is an installation, not a compilation.
        torch = {"torch": metadata.version("torch")} if find_spec("torch") else {}
        versions = environment() | torch
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
    inputs_of = {case: make_inputs(case) for case in benchmark.cases()}
    comparisons = [compare(case, benchmark.baselines, inputs, *how) for case, inputs in inputs_of.items()]
    measured = inputs_of if OURS in benchmark.baselines else {}
    cores = [share_cores(case, inputs, *how) for case, inputs in measured.items()]
    return {"kind": "table", "comparisons": comparisons, "cores": cores}


def measure_scaling(benchmark: Benchmark, report: Report) -> Record:
    """Every baseline that can do it along every size with several values; then the library on all cores."""
    how = benchmark.rounds, benchmark.seconds, report
    inputs_of, measured = cache(make_inputs), []
    for axis, cases in benchmark.sweeps():
        for name in benchmark.baselines:
            if reasons := [reason for case in cases if (reason := why_not(name, case))]:
                report(f"{name} is left out along {axis}: {reasons[-1]}")
                continue
            points = sweep(cases, name, inputs_of, *how)
            measured.append({"model": cases[0].model, "axis": axis, "baseline": name, "points": points})
    middle = [Case(model, 50, task=benchmark.task, options=benchmark.options) for model in benchmark.models]
    cores = [share_cores(case, inputs_of(case), *how) for case in middle if OURS in benchmark.baselines]
    return {"kind": "scaling", "sweeps": measured, "cores": cores}


# Evenly spread on a logarithmic axis.
_HIDDEN_SIZES = "10 12 14 16 18 20 23 26 30 34 39 45 50 57 65 75 87 100 115 130 150 175 200"
_SWEPT = {
    "hidden_sizes": tuple(map(int, _HIDDEN_SIZES.split())),
    "num_pairs": tuple(range(2, 21)),
    "batch_sizes": (16, 32, 64, 128, 256, 512),
    "runs": (1, 2, 4, 8),
}
_ONE_CASE = {"models": ("fast-weights",), "hidden_sizes": (50,)}

BENCHMARKS = {
    "table": Benchmark(measure_table, tuple(BASELINES), rounds=7, seconds=0.5),
    "scaling": Benchmark(measure_scaling, (OURS, "jax-scan"), rounds=5, seconds=0.2, **_SWEPT),
    "quick": Benchmark(measure_table, tuple(BASELINES), rounds=3, seconds=0.2, **_ONE_CASE),
}
CHANGEABLE = {entry.name for entry in fields(Benchmark)} - {"measure"}
"""What `get_benchmark` can replace."""


def get_benchmark(name: str, changes: dict[str, Any]) -> Benchmark:
    """The benchmark of that name with some of its fields replaced; what is None or empty stays.

    Raises: UnknownNameError or InvalidValueError.
    """
    if name not in BENCHMARKS:
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {', '.join(BENCHMARKS)}")
    unique = {key: tuple(dict.fromkeys(v)) if isinstance(v, tuple) else v for key, v in changes.items()}
    given = {key: value for key, value in unique.items() if value not in (None, ())}
    return replace(BENCHMARKS[name], **given)
