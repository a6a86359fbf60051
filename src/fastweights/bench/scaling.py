"""The curves of a scaling record: measured points, their exponent, and that of the counted operations."""

from dataclasses import dataclass

from fastweights.bench.cases import Case
from fastweights.bench.measurements import Record
from fastweights.bench.operations import matrix, multiply_adds
from fastweights.bench.statistics import Jump, Power, Spread, largest_jump, power_at_the_end

SYMBOLS = {"hidden_size": "R", "num_pairs": "T", "batch_size": "batch", "runs": "runs"}


@dataclass(frozen=True)
class Curve:
    """One sweep. `counted` is the power law of the operations in the form of the memory that the contender
    has: T² R by attention, T R² by the matrix."""

    model: str
    contender: str
    axis: str
    x: list[float]
    milliseconds: list[Spread]
    operations: list[float]
    longest_compilation: float

    @property
    def symbol(self) -> str:
        """The paper's name of what varies."""
        return SYMBOLS[self.axis]

    @property
    def medians(self) -> list[float]:
        """Milliseconds an update."""
        return [each.median for each in self.milliseconds]

    @property
    def measured(self) -> Power:
        """The power law of the time at the large end."""
        return power_at_the_end(self.x, self.medians)

    @property
    def counted(self) -> Power:
        """The power law of the operations there."""
        return power_at_the_end(self.x, self.operations)

    @property
    def jump(self) -> Jump:
        """Where the time lies highest above a smooth curve; the shortest of all rounds, since a disturbance
        of the machine is none of the program's."""
        return largest_jump(self.x, [each.lowest for each in self.milliseconds])


def curves(record: Record) -> list[Curve]:
    """One for each sweep, in the record's order."""
    return [_curve(each) for each in record["sweeps"]]


def _curve(found: Record) -> Curve:
    cases = [Case(**point["case"]) for point in found["points"]]
    axis = "length" if found["axis"] == "num_pairs" else found["axis"]
    memory = matrix if found["contender"] == "jax-scan" else None
    return Curve(
        model=found["model"],
        contender=found["contender"],
        axis=found["axis"],
        x=[float(getattr(case, axis)) for case in cases],
        milliseconds=[Spread.of(point["milliseconds"]) for point in found["points"]],
        operations=[float(multiply_adds(case, memory)) for case in cases],
        longest_compilation=max(point["compile_seconds"] for point in found["points"]),
    )
