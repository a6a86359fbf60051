"""Which cases are measured: every combination, or one size at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

from fastweights import registry
from fastweights.bench.cases import DEFAULT_TASK, Case
from fastweights.bench.inputs import has_pairs
from fastweights.errors import check


@dataclass(frozen=True)
class CaseGrid:
    """Every combination of these, on one task.

    Raises: UnknownNameError for a model or task that is not registered, InvalidValueError if there is no
    combination or a size is out of range.
    """

    models: Sequence[str] = ("irnn", "lstm", "fast-weights")
    hidden_sizes: Sequence[int] = (20, 50, 100)
    num_pairs: Sequence[int] = (4,)
    batch_sizes: Sequence[int] = (128,)
    runs: Sequence[int] = (1,)
    task: str = DEFAULT_TASK

    def __post_init__(self) -> None:
        varied = len(self.num_pairs) > 1
        check(
            has_pairs(registry.tasks[self.task]) or not varied,
            f"the task {self.task} has no num_pairs to vary",
        )
        for model in self.models:
            registry.cells[model]
        check(bool(self.cases()), "nothing to measure: a list is empty")

    def cases(self) -> list[Case]:
        """The cases, models within sizes."""
        sizes = product(self.hidden_sizes, self.models, self.num_pairs, self.batch_sizes, self.runs)
        return [Case(model, size, pairs, batch, runs, self.task) for size, model, pairs, batch, runs in sizes]


class Sweep(NamedTuple):
    """Cases that differ in one size."""

    axis: str
    cases: list[Case]


def sweeps(grid: CaseGrid) -> Iterator[Sweep]:
    """One sweep for each model and size that has several values in the grid; the other sizes are then
    R = 50, K = 4, batch 128, one run, or the only value that the grid has."""
    axes = {
        "hidden_size": grid.hidden_sizes,
        "num_pairs": grid.num_pairs,
        "batch_size": grid.batch_sizes,
        "runs": grid.runs,
    }
    fixed = {axis: values[0] for axis, values in axes.items() if len(values) == 1}
    for model, (axis, values) in product(grid.models, axes.items()):
        if len(values) > 1:
            base = replace(Case(model, 50, task=grid.task), **fixed)
            yield Sweep(axis, [replace(base, **{axis: value}) for value in sorted(set(values))])
