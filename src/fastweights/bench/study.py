"""Whole benchmarks by name: what they measure, and the record they leave."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from fastweights.bench.baselines import CONTENDERS, OURS, get_contender, why_not
from fastweights.bench.cases import Case, Material
from fastweights.bench.inputs import material
from fastweights.bench.measurements import Record, compare, share_cores, sweep
from fastweights.bench.peak import measured_peaks
from fastweights.bench.plans import Grid, sweeps
from fastweights.errors import UnknownNameError, check, check_positive
from fastweights.machine import available_cores
from fastweights.runs.worker import environment

Report = Callable[[str], None]


@dataclass(frozen=True)
class Study:
    """What is measured, how often, and for how long each time.

    Raises: InvalidValueError or UnknownNameError for numbers out of range and unknown names.
    """

    measure: Callable[["Study", Report], Record]
    grid: Grid
    contenders: Sequence[str]
    rounds: int
    seconds: float
    """How long a repeat lasts, about."""

    def __post_init__(self) -> None:
        for name in self.contenders:
            get_contender(name)
        check(self.rounds >= 1, f"rounds must be at least 1; got {self.rounds}")
        check_positive("seconds", self.seconds)

    def run(self, report: Report) -> Record:
        """Measure; the record says on what and how."""
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


def measure_table(study: Study, report: Report) -> Record:
    """Every contender on every case of the grid; then the library on all cores."""
    cases, how = study.grid.cases(), (study.rounds, study.seconds, report)
    materials = {case: material(case) for case in cases}
    comparisons = [compare(case, study.contenders, materials[case], *how) for case in cases]
    cores = [share_cores(case, materials[case], *how) for case in cases if OURS in study.contenders]
    return {"kind": "table", "comparisons": comparisons, "cores": cores}


def measure_scaling(study: Study, report: Report) -> Record:
    """Every contender that can do it along every size with several values; then the library on all cores."""
    how = study.rounds, study.seconds, report
    found, materials = [], _Materials()
    for each in sweeps(study.grid):
        for name in study.contenders:
            if any(why_not(name, case) for case in each.cases):
                report(f"{name} is left out along {each.axis}: {why_not(name, each.cases[-1])}")
                continue
            points = sweep(each.cases, name, materials.of(each.cases), *how)
            about = {"model": each.cases[0].model, "axis": each.axis, "contender": name}
            found.append({**about, "points": points})
    middle = [Case(model, 50) for model in study.grid.models if OURS in study.contenders]
    cores = [share_cores(case, materials.of([case])[case], *how) for case in middle]
    return {"kind": "scaling", "sweeps": found, "cores": cores}


_HIDDEN_SIZES = (
    10,
    12,
    14,
    16,
    18,
    20,
    23,
    26,
    30,
    34,
    39,
    45,
    50,
    57,
    65,
    75,
    87,
    100,
    115,
    130,
    150,
    175,
    200,
)
_SWEPT = Grid(
    hidden_sizes=_HIDDEN_SIZES,
    num_pairs=tuple(range(2, 21)),
    batch_sizes=(16, 32, 64, 128, 256, 512),
    runs=(1, 2, 4, 8),
)

STUDIES = {
    "table": Study(measure_table, Grid(), tuple(CONTENDERS), rounds=7, seconds=0.5),
    "scaling": Study(measure_scaling, _SWEPT, (OURS, "jax-scan"), rounds=5, seconds=0.2),
    "quick": Study(measure_table, Grid(("fast-weights",), (50,)), tuple(CONTENDERS), rounds=3, seconds=0.2),
}


def get_study(name: str, changes: dict[str, Any], grid_changes: dict[str, Any]) -> Study:
    """The study of that name with some of its numbers replaced; what is None or empty stays.

    Raises: UnknownNameError or InvalidValueError.
    """
    if name not in STUDIES:
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {', '.join(STUDIES)}")
    study = STUDIES[name]
    return replace(study, grid=replace(study.grid, **_given(grid_changes)), **_given(changes))


def _given(changes: dict[str, Any]) -> dict[str, Any]:
    unique = {name: tuple(dict.fromkeys(v)) if isinstance(v, tuple) else v for name, v in changes.items()}
    return {name: value for name, value in unique.items() if value is not None and value != ()}


class _Materials(dict[Case, Material]):
    """Each case's material, made once."""

    def of(self, cases: Iterable[Case]) -> dict[Case, Material]:
        return {case: self[case] for case in cases}

    def __missing__(self, case: Case) -> Material:
        return self.setdefault(case, material(case))


def _environment() -> dict[str, Any]:
    torch = {"torch": metadata.version("torch")} if find_spec("torch") else {}
    return {**environment(), **torch}
