"""The curves of a scaling record: measured points, their exponent, and that of the counted operations."""

from dataclasses import dataclass

from fastweights.bench.cases import Case
from fastweights.bench.inputs import task_of
from fastweights.bench.measurements import Record
from fastweights.bench.roofline import operations
from fastweights.bench.statistics import Jump, Power, Spread, largest_jump, power_at_the_end

SYMBOLS = {"hidden_size": "R", "num_pairs": "T", "batch_size": "batch", "runs": "runs"}


@dataclass(frozen=True)
class Curve:
    """One sweep: times and operations along one size."""

    model: str
    baseline: str
    axis: str
    x: list[float]
    milliseconds: list[Spread]
    operations: list[float] | None
    """As the baseline computes: T R² by a step at a time, T² R by attention. None if not counted."""
    longest_compilation: float

    @property
    def symbol(self) -> str:
        """The paper's name of what varies."""
        return SYMBOLS[self.axis]

    @property
    def medians(self) -> list[float]:
        """Milliseconds an update."""
        return [spread.median for spread in self.milliseconds]

    @property
    def measured(self) -> Power:
        """The power law of the time at the large end."""
        return power_at_the_end(self.x, self.medians)

    @property
    def counted(self) -> Power | None:
        """The power law of the operations there."""
        return None if self.operations is None else power_at_the_end(self.x, self.operations)

    @property
    def jump(self) -> Jump:
        """Where the time lies highest above a smooth curve; the shortest of all rounds counts, since a
        disturbance of the machine does not belong to the program."""
        return largest_jump(self.x, [spread.lowest for spread in self.milliseconds])


def curves(record: Record) -> list[Curve]:
    """One for each sweep, in the record's order."""
    return [_curve(sweep) for sweep in record["sweeps"]]


def _curve(sweep: Record) -> Curve:
    cases = [Case(**point["case"]) for point in sweep["points"]]
    axis = sweep["axis"]
    baseline = sweep.get("baseline") or sweep["contender"]  # its name in earlier records
    counts = [operations(case, by_steps=baseline == "jax-scan") for case in cases]
    return Curve(
        model=sweep["model"],
        baseline=baseline,
        axis=axis,
        x=[float(task_of(case).length if axis == "num_pairs" else getattr(case, axis)) for case in cases],
        milliseconds=[Spread.of(point["milliseconds"]) for point in sweep["points"]],
        operations=None if None in counts else [float(count or 0) for count in counts],
        longest_compilation=max(point["compile_seconds"] for point in sweep["points"]),
    )
