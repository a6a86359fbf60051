"""The curves of a scaling record: measured points, their exponent, and that of the counted operations."""

from typing import NamedTuple

from fastweights.bench.cases import Case
from fastweights.bench.inputs import task_of
from fastweights.bench.measurements import Record
from fastweights.bench.roofline import operations
from fastweights.bench.statistics import Spread, largest_jump, power_at_the_end

SYMBOLS = {"hidden_size": "R", "num_pairs": "T", "batch_size": "batch", "runs": "runs"}
"""The paper's name of what varies."""


class Curve(NamedTuple):
    """One sweep: the time of an update along one size."""

    model: str
    baseline: str
    axis: str
    x: list[float]
    medians: list[float]
    """Milliseconds."""
    power: tuple[float, float]
    """Exponent and factor of the power law of the time at the large end."""
    counted: float | None
    """The exponent of the operations there, as the baseline computes: T R² by a step at a time, T² R by
    attention. None if not counted."""
    jump: tuple[float, float]
    """Where the time lies highest above a smooth curve, and how many times. The shortest of all rounds
    counts, since a disturbance of the machine does not belong to the program."""
    longest_compilation: float
    """Seconds."""


def curves(record: Record) -> list[Curve]:
    """One for each sweep, in the record's order."""
    return [_curve(sweep) for sweep in record["sweeps"]]


def _curve(sweep: Record) -> Curve:
    cases, axis = [Case(**point["case"]) for point in sweep["points"]], sweep["axis"]
    baseline = sweep.get("baseline") or sweep["contender"]  # its name in earlier records
    x = [float(task_of(case).length if axis == "num_pairs" else getattr(case, axis)) for case in cases]
    times = [Spread.of(point["milliseconds"]) for point in sweep["points"]]
    medians = [time.median for time in times]
    counts = [count for case in cases if (count := operations(case, by_steps=baseline == "jax-scan"))]
    return Curve(
        sweep["model"],
        baseline,
        axis,
        x,
        medians,
        power_at_the_end(x, medians),
        power_at_the_end(x, counts)[0] if len(counts) == len(x) else None,
        largest_jump(x, [time.lowest for time in times]),
        max(point["compile_seconds"] for point in sweep["points"]),
    )
